import { baseConfig } from '@countersign/host';
import { z } from 'zod';

export const auditConfig = baseConfig.extend({
  AUDIT_HEARTBEAT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(60_000)
    .default(1000)
    .describe('How often it says how far it has stored everything.'),
  AUDIT_CHECKPOINT_MS: z.coerce
    .number()
    .int()
    .min(50)
    .max(60_000)
    .default(1000)
    .describe('How often it signs how far the trees have grown.'),
  AUDIT_ORIGIN: z
    .string()
    .regex(/^[\w.-]+(\/[\w.-]+)*$/)
    .max(200)
    .optional()
    .describe(
      "What the names of the trees begin with, if not with the topics' prefix: another name begins another history.",
    ),
});
export type AuditConfig = z.infer<typeof auditConfig>;
