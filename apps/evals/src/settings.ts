import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** A secret may come as a file. */
const SECRETS = ['OPENAI_API_KEY', 'DATABASE_URL'] as const;

const settings = z.object({
  COUNTERSIGN_WORKFLOWS: z
    .string()
    .default('@countersign/support-desk')
    .transform((text) =>
      text
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    ),
  // As the services have them: the fingerprint of a workflow covers both.
  OPENAI_MODEL: z.string().min(1).default('stand-in'),
  OPENAI_BASE_URL: z.url().default('https://api.openai.com/v1'),
  OPENAI_API_KEY: z.string().min(1).optional(),
  /** Of who may make a database and drop it again; an embedded PostgreSQL otherwise. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  COUNTERSIGN_RELEASE_KEY_FILE: z.string().min(1).optional(),
});
export type Settings = z.infer<typeof settings>;

/** Of the environment. Throws with all that is wrong in it. */
export function settingsOf(env: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  for (const name of SECRETS) {
    const file = given[`${name}_FILE`];
    if (file) given[name] = readFileSync(file, 'utf8').trim();
  }
  const parsed = settings.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(`the environment does not fit:\n${z.prettifyError(parsed.error)}`);
}
