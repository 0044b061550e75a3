import { baseConfig, modelSettings } from '@countersign/host';
import { z } from 'zod';

export const plannerConfig = baseConfig.extend({
  OPENAI_API_KEY: z.string().min(1).describe('Of the model.'),
  ...modelSettings,
  MODEL_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .default(32)
    .describe('Model calls at once, in one instance.'),
});
