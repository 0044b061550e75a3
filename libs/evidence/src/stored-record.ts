import type { Topic } from '@countersign/contracts';

export const SIGNATURES = ['valid', 'invalid', 'absent', 'not-required'] as const;
export type SignatureState = (typeof SIGNATURES)[number];

/** Under which records of no tenant are filed: what services say of themselves. */
export const SYSTEM = 'system';

/** A record of the log as the trace store keeps it. */
export interface StoredRecord {
  topic: Topic;
  partition: number;
  offset: string;
  appendedAt: Date;
  key: string;
  id: string | null;
  type: string | null;
  source: string | null;
  subject: string | null;
  tenant: string;
  claimedTenant: string;
  actor: string | null;
  session: string | null;
  intent: string | null;
  action: string | null;
  causation: string | null;
  /** Of the W3C trace context that came with it: what OpenTelemetry calls the trace it belongs to. */
  traceId: string | null;
  tool: string | null;
  code: string | null;
  /** What auditors alone are told, beside the code that everybody is. */
  auditCode: string | null;
  outcome: string | null;
  rules: string[];
  /** Ids of records it read, changed or speaks of. */
  about: string[];
  value: string | null;
  headers: string;
  signature: SignatureState;
  flaw: string | null;
  poisonReason: string | null;
  poisonDetail: string | null;
}
