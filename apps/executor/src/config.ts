import { z } from 'zod';
import { baseConfig, modelSettings } from '@countersign/host';
import { auditLimit } from './heartbeats.js';

const concurrency = z.coerce.number().int().min(1).max(1_000);

/** A tool server that is started here and speaks over its standard input and output; it is handed its credential in `tokenVariable`. */
const command = z.strictObject({
  command: z.string().min(1),
  args: z.array(z.string()).max(100).optional(),
  tokenVariable: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,99}$/)
    .optional(),
  env: z.record(z.string(), z.string()).optional(),
  cwd: z.string().min(1).optional(),
});
export type ServerCommand = z.infer<typeof command>;

/** Where systems of record are: `COUNTERSIGN_TARGETS` as JSON by name, or `<NAME>_URL` one by one (`HELPDESK_URL`). */
export const executorConfig = baseConfig.extend({
  COUNTERSIGN_CREDENTIALS_DIR: z
    .string()
    .min(1)
    .describe('The folder of what is shown to targets: `<target>/<tenant>.token`.'),
  COUNTERSIGN_TARGETS: z
    .string()
    .default('{}')
    .transform(targetsOf)
    .describe(
      'Where systems of record and tool servers are: JSON by target, of URLs and commands. Or `<TARGET>_URL`, one by one.',
    ),
  COUNTERSIGN_TARGET_CONCURRENCY: concurrency
    .default(24)
    .describe('How many requests a target gets at once from this instance; of one target, `<NAME>_CONCURRENCY`.'),
  COUNTERSIGN_AUDIT_LIMIT_MS: auditLimit.describe('Audit not heard for longer: nothing is begun.'),
  COUNTERSIGN_DOUBT_AFTER_MS: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(300_000)
    .describe('For so long what was sent is sent again or looked up before a person is asked.'),
  ...modelSettings,
});
export type ExecutorConfig = z.infer<typeof executorConfig>;

function targetsOf(text: string, context: z.RefinementCtx): Record<string, string | ServerCommand> {
  try {
    const parsed = z.record(z.string(), z.union([z.url(), command])).safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // Told below, as for any other form.
  }
  context.addIssue(
    'a JSON object by target of URLs (of a tool server, mcp+http:… or mcp+https:…) or commands, such as {"helpdesk":"http://127.0.0.1:3000","files":{"command":"npx"}}',
  );
  return z.NEVER;
}

export interface TargetSettings {
  /** Of a tool server that is started here, its command. */
  url: string | ServerCommand;
  concurrency: number;
}

/** What is set of each target that the tools name. Throws with all that is missing or wrong. */
export function targetSettings(
  names: Iterable<string>,
  config: Pick<ExecutorConfig, 'COUNTERSIGN_TARGETS' | 'COUNTERSIGN_TARGET_CONCURRENCY'>,
  env: NodeJS.ProcessEnv,
): Map<string, TargetSettings> {
  const targets = new Map<string, TargetSettings>();
  const flaws: string[] = [];
  for (const name of names) {
    const variable = name.toUpperCase().replaceAll('-', '_');
    const url = config.COUNTERSIGN_TARGETS[name] ?? env[`${variable}_URL`];
    const atOnce = concurrency.safeParse(env[`${variable}_CONCURRENCY`] || config.COUNTERSIGN_TARGET_CONCURRENCY);
    if (!url || (typeof url === 'string' && !URL.canParse(url)))
      flaws.push(`${variable}_URL: ${url ? 'is no URL' : `the tools of ${name} need it`}`);
    if (!atOnce.success) flaws.push(`${variable}_CONCURRENCY: is no number from 1 to 1000`);
    if (url && atOnce.success) targets.set(name, { url, concurrency: atOnce.data });
  }
  if (flaws.length > 0) throw new Error(`the environment does not fit:\n- ${flaws.join('\n- ')}`);
  return targets;
}
