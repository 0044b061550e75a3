/*
 * What the trees of the trace store are over: one leaf a stored record.
 *
 *  1  The leaf covers every column: the text names each that is not null, in one order, as JSON. Another value anywhere is another text.
 *  2  What is null is left out, so a column that later versions add leaves the leaves of older rows as they are.
 */
import { leafHash } from '@countersign/signing';
import type { StoredRecord } from './stored-record.js';

/**
 * The canonical text of a stored row. `at` is its time in ISO 8601, given where the stored one is finer than a Date can say.
 *
 * @example leafHash(leafText(row)).equals(leafOf(row)) // true
 */
export function leafText(row: StoredRecord, at = row.appendedAt.toISOString()): string {
  // Every column of a StoredRecord, so that the compiler asks for a new one here.
  const columns: Record<keyof StoredRecord, unknown> = {
    topic: row.topic,
    partition: row.partition,
    offset: row.offset,
    appendedAt: at,
    key: row.key,
    id: row.id ?? undefined,
    type: row.type ?? undefined,
    source: row.source ?? undefined,
    subject: row.subject ?? undefined,
    tenant: row.tenant,
    claimedTenant: row.claimedTenant,
    actor: row.actor ?? undefined,
    session: row.session ?? undefined,
    intent: row.intent ?? undefined,
    action: row.action ?? undefined,
    causation: row.causation ?? undefined,
    traceId: row.traceId ?? undefined,
    tool: row.tool ?? undefined,
    code: row.code ?? undefined,
    auditCode: row.auditCode ?? undefined,
    outcome: row.outcome ?? undefined,
    rules: row.rules,
    about: row.about,
    value: row.value ?? undefined,
    headers: row.headers,
    signature: row.signature,
    flaw: row.flaw ?? undefined,
    poisonReason: row.poisonReason ?? undefined,
    poisonDetail: row.poisonDetail ?? undefined,
  };
  return JSON.stringify(columns);
}

/** RFC 6962 leaf hash of a stored row, 32 bytes. */
export const leafOf = (row: StoredRecord): Buffer => leafHash(leafText(row));
