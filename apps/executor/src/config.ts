import { z } from 'zod';
import { baseConfig } from '@countersign/host';

/** Where systems of record are: `COUNTERSIGN_TARGETS` as JSON by name, or `<NAME>_URL` one by one (`HELPDESK_URL`). */
export const executorConfig = baseConfig.extend({
  COUNTERSIGN_CREDENTIALS_DIR: z.string().min(1),
  COUNTERSIGN_TARGETS: z.string().default('{}').transform(targetsOf),
  // The fingerprint of a workflow covers the model it runs with: the same two settings as planner's and policy's.
  OPENAI_MODEL: z.string().min(1).default('stand-in'),
  OPENAI_BASE_URL: z.url().default('https://api.openai.com/v1'),
});
export type ExecutorConfig = z.infer<typeof executorConfig>;

function targetsOf(text: string, context: z.RefinementCtx): Record<string, string> {
  try {
    const parsed = z.record(z.string(), z.url()).safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // Told below, as for any other form.
  }
  context.addIssue('a JSON object of URLs by target, such as {"helpdesk":"http://127.0.0.1:3000"}');
  return z.NEVER;
}

/** The URL of each target that the tools name. Throws with all that are missing. */
export function targetUrls(
  names: Iterable<string>,
  given: Record<string, string>,
  env: NodeJS.ProcessEnv,
): Map<string, string> {
  const urls = new Map<string, string>();
  const missing: string[] = [];
  for (const name of names) {
    const variable = `${name.toUpperCase().replaceAll('-', '_')}_URL`;
    const url = given[name] ?? env[variable];
    if (url && URL.canParse(url)) urls.set(name, url);
    else missing.push(`${variable}: ${url ? 'is no URL' : `the tools of ${name} need it`}`);
  }
  if (missing.length > 0) throw new Error(`the environment does not fit:\n- ${missing.join('\n- ')}`);
  return urls;
}
