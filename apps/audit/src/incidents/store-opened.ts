import type { SqlTx } from '@countersign/messaging';
import type { OpenedByRule } from './opened-by-rule.js';

const INSERT = `INSERT INTO incidents (tenant, id, intent, action, cause, opened_at)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) ON CONFLICT DO NOTHING`;

/** Opens what is not open yet, in the transaction that stores the records. */
export async function storeOpened(tx: SqlTx, opened: OpenedByRule[]): Promise<void> {
  if (opened.length === 0) return;
  await tx.query('audit-incidents', INSERT, [
    opened.map(({ tenant }) => tenant),
    opened.map(({ id }) => id),
    opened.map(({ intentId }) => intentId),
    opened.map(({ actionId }) => actionId),
    opened.map(({ cause }) => cause),
    opened.map(({ at }) => at.toISOString()),
  ]);
}
