import { baseConfig, modelSettings } from '@countersign/host';
import { z } from 'zod';
import { subjectsFile } from './authzen/subjects.js';

/** The fingerprint of a workflow covers the model it runs with: the same two settings as planner's and executor's. */
export const policyConfig = baseConfig.extend({
  ...modelSettings,
  COUNTERSIGN_REDACTOR_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      "A Presidio analyzer that looks at people's words beside the known shapes; while it does not answer, they wait.",
    ),
  COUNTERSIGN_REDACTOR_LANGUAGE: z
    .string()
    .min(2)
    .max(10)
    .default('en')
    .describe('The language people write in, as Presidio names it.'),
  FRESH_AFTER_MS: z.coerce
    .number()
    .int()
    .nonnegative()
    .default(60_000)
    .describe(
      'After an approval that took longer, effect and roles are looked at again before a commit. 0: after any.',
    ),
  COUNTERSIGN_AUTHZEN_SUBJECTS: subjectsFile
    .optional()
    .describe(
      'A file of people that questions by AuthZEN may be about, beside the caller: by tenant and id, e-mail and roles.',
    ),
});
export type PolicyConfig = z.infer<typeof policyConfig>;
