import { baseConfig } from '@countersign/host';
import { z } from 'zod';

export const plannerConfig = baseConfig.extend({
  OPENAI_API_KEY: z.string().min(1),
  // Part of a workflow's fingerprint: the same two settings as policy's and executor's.
  OPENAI_MODEL: z.string().min(1).default('stand-in'),
  OPENAI_BASE_URL: z.url().default('https://api.openai.com/v1'),
  /** Model calls at once, in one instance. */
  MODEL_CONCURRENCY: z.coerce.number().int().min(1).max(256).default(32),
});
