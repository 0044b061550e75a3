import { baseConfig } from '@countersign/host';
import { z } from 'zod';

/** The fingerprint of a workflow covers the model it runs with: the same two settings as planner's and executor's. */
export const policyConfig = baseConfig.extend({
  OPENAI_MODEL: z.string().min(1).default('stand-in'),
  /** After an approval that took longer, effect and roles are looked at again before a commit. 0: after any. */
  FRESH_AFTER_MS: z.coerce.number().int().nonnegative().default(60_000),
  OPENAI_BASE_URL: z.url().default('https://api.openai.com/v1'),
});
