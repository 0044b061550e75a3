import { readFileSync } from 'node:fs';
import { z } from 'zod';

const settings = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: z.coerce.number().int().min(0).max(65_535),
    DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
    HELPDESK_TOKENS_DIR: z.string().min(1).optional(),
    /** Tenants for evals: fixtures.ts. Never beside tenants of anybody's. */
    HELPDESK_FIXTURES: z.enum(['on', 'off']).default('off'),
    HELPDESK_FIXTURES_TOKEN: z.string().min(16).optional(),
    HELPDESK_KEY_LIFETIME_MS: z.coerce
      .number()
      .int()
      .min(1)
      .default(24 * 3_600_000),
    HELPDESK_POOL_SIZE: z.coerce.number().int().min(1).max(200).default(16),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  })
  .superRefine((given, context) => {
    const needed = given.HELPDESK_FIXTURES === 'on' ? 'HELPDESK_FIXTURES_TOKEN' : 'HELPDESK_TOKENS_DIR';
    if (given[needed] === undefined) context.addIssue({ code: 'custom', path: [needed], message: 'is missing' });
  });
export type Config = z.infer<typeof settings>;

/** The environment, parsed once. Throws one error that names everything wrong with it. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const url = env.DATABASE_URL_FILE ? readFileSync(env.DATABASE_URL_FILE, 'utf8').trim() : env.DATABASE_URL;
  const parsed = settings.safeParse({ ...env, DATABASE_URL: url });
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`helpdesk cannot start, correct these settings:\n${wrong.join('\n')}`);
}
