import { baseConfig } from '@countersign/host';
import type { z } from 'zod';

/** Approval needs nothing beyond what every service does. */
export const approvalConfig = baseConfig;
export type ApprovalConfig = z.infer<typeof approvalConfig>;
