import { baseConfig } from '@countersign/host';
import { z } from 'zod';

/** The fingerprint of a workflow covers the model it runs with: the same two settings as planner's and executor's. */
export const policyConfig = baseConfig.extend({
  OPENAI_MODEL: z.string().min(1).default('stand-in'),
  OPENAI_BASE_URL: z.url().default('https://api.openai.com/v1'),
});
