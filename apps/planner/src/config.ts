import { baseConfig } from '@countersign/host';
import { z } from 'zod';

export const plannerConfig = baseConfig.extend({
  OPENAI_API_KEY: z.string().min(1).describe('Of the model.'),
  // Part of a workflow's fingerprint: the same two settings as policy's and executor's.
  OPENAI_MODEL: z
    .string()
    .min(1)
    .default('stand-in')
    .describe('Which model. Part of the fingerprint: the same for every service.'),
  OPENAI_BASE_URL: z
    .url()
    .default('https://api.openai.com/v1')
    .describe('Where the model answers. Part of the fingerprint: the same for every service.'),
  MODEL_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .default(32)
    .describe('Model calls at once, in one instance.'),
});
