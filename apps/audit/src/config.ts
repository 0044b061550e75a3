import { baseConfig } from '@countersign/host';
import { z } from 'zod';

export const auditConfig = baseConfig.extend({
  /** How often it says how far it has stored everything. */
  AUDIT_HEARTBEAT_MS: z.coerce.number().int().min(100).max(60_000).default(1000),
});
export type AuditConfig = z.infer<typeof auditConfig>;
