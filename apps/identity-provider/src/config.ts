import { z } from 'zod';

const settings = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: z.coerce.number().int().min(1).max(65_535),
    OIDC_ISSUER: z.url().optional(),
    OIDC_AUDIENCE: z.string().min(1).default('countersign'),
    OIDC_TENANT_CLAIM: z.string().min(1).default('tenant'),
    OIDC_ROLES_CLAIM: z.string().min(1).default('roles'),
    IDENTITY_DATA_DIR: z.string().min(1).optional(),
    IDENTITY_ASSISTANT_SECRET: z.string().min(8).default('assistant-dev-secret'),
  })
  .transform((env) => ({ ...env, OIDC_ISSUER: env.OIDC_ISSUER ?? `http://127.0.0.1:${env.PORT}` }));
export type Config = z.infer<typeof settings>;

/** The environment, parsed once. Throws one error that names everything wrong with it. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = settings.safeParse(env);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`identity-provider cannot start, correct these settings:\n${wrong.join('\n')}`);
}
