import { leafText, type ExportLine, type StoredRecord } from '@countersign/evidence';
import type { Rows } from './rows.js';
import { BrokenTree } from './stored-tree.js';

/** A row of the tree as the store has it. */
export interface StoredLine {
  index: number;
  leaf: Buffer;
  /** The text that its record makes; undefined if there is none. */
  text: string | undefined;
}

/** By their places, one after the other: the planner does not know how few they are. */
export const BY_PLACE = `SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`;

/** Every column of a record, named as a `StoredRecord` has it. */
export const RECORD = `r.topic, r.partition, r."offset", r.appended_at AS "appendedAt", r.key, r.id, r.type, r.source, r.subject, r.tenant,
  r.claimed_tenant AS "claimedTenant", r.actor, r.session, r.intent, r.action, r.causation, r.trace_id AS "traceId", r.tool, r.code,
  r.audit_code AS "auditCode", r.outcome, r.rules, r.about, r.value, r.headers, r.signature, r.flaw, r.poison_reason AS "poisonReason",
  r.poison_detail AS "poisonDetail"`;
/** Its time, as fine as the store has it. */
export const PRECISE = `to_char(r.appended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') AS precise`;

const LINES = `SELECT p."index"::float8 AS "index", p.leaf, ${RECORD}, ${PRECISE}
  FROM (
    SELECT l."first" + n - 1 AS "index", topic, partition, "offset", at, substring(l.leaves FROM (32 * (n - 1) + 1)::int FOR 32) AS leaf
      FROM leaves l, unnest(l.topics, l.partitions, l.offsets, l.appended_at) WITH ORDINALITY AS p (topic, partition, "offset", at, n)
     WHERE l.tenant = $1 AND l."first" < $3 AND l."first" >= (SELECT coalesce(max("first"), 0) FROM leaves WHERE tenant = $1 AND "first" <= $2)
       AND l."first" + n - 1 >= $2 AND l."first" + n - 1 < $3
  ) p
  LEFT JOIN records r ON r.topic = p.topic AND r.partition = p.partition AND r."offset" = p."offset" AND r.appended_at = p.at AND r.tenant = $1
  ORDER BY p."index"`;

type Row = StoredRecord & { index: number; leaf: Buffer; precise: string };

/** The rows from one index of a tenant's tree to another, which is not included. */
export async function storedLines(rows: Rows, tenant: string, from: number, to: number): Promise<StoredLine[]> {
  const found = await rows.query<Row[]>(LINES, [tenant, from, to]);
  if (found.length !== to - from || found.some(({ index }, n) => index !== from + n))
    throw new BrokenTree(`leaves of ${tenant} between index ${from} and ${to} are not there`);
  return found.map((row) => ({ index: row.index, leaf: row.leaf, text: textOf(row) }));
}

export function textOf(row: StoredRecord & { precise: string }): string | undefined {
  if (row.topic === null) return undefined;
  return leafText(row, instant(row.precise));
}

/** As ISO 8601 has a time: in milliseconds, as a Date does, unless it is finer. */
const instant = (precise: string) => `${precise.endsWith('000') ? precise.slice(0, -3) : precise}Z`;

/** As a reader of exports sees it: with a byte before the text to be written on. */
export const lineOf = ({ index, leaf, text }: StoredLine): ExportLine => ({
  kind: 'row',
  line: index,
  index,
  leaf,
  text: text === undefined ? undefined : Buffer.from(` ${text}`),
});
