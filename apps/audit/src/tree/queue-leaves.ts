import { leafOf, type StoredRecord } from '@countersign/evidence';
import type { SqlTx } from '@countersign/messaging';

/** One row a tenant, with its leaves in the order given. */
const INSERT = `INSERT INTO pending_leaves (tenant, topics, partitions, offsets, appended_at, from_at, to_at, leaves)
  SELECT tenant, array_agg(topic ORDER BY n), array_agg(partition ORDER BY n), array_agg("offset" ORDER BY n), array_agg(at ORDER BY n),
         min(at), max(at), decode(string_agg(leaf, '' ORDER BY n), 'hex')
    FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::timestamptz[], $6::text[])
      WITH ORDINALITY AS r (tenant, topic, partition, "offset", at, leaf, n)
   GROUP BY tenant`;

/** Hands the leaves of rows to the sequencer, in the transaction that stores the rows: it sees both or neither. */
export async function queueLeaves(tx: SqlTx, rows: StoredRecord[]): Promise<void> {
  if (rows.length === 0) return;
  const column = <T>(of: (row: StoredRecord) => T) => rows.map(of);
  await tx.query('audit-leaves', INSERT, [
    column((row) => row.tenant),
    column((row) => row.topic),
    column((row) => row.partition),
    column((row) => row.offset),
    column((row) => row.appendedAt.toISOString()),
    column((row) => leafOf(row).toString('hex')),
  ]);
}

const HAS_PLACE = (
  table: string,
) => `EXISTS (SELECT FROM ${table} l, unnest(l.topics, l.partitions, l.offsets, l.appended_at) AS q (topic, partition, "offset", at)
  WHERE l.tenant = p.tenant AND l.to_at >= p.at AND l.from_at <= p.at AND (q.topic, q.partition, q."offset", q.at) = (p.topic, p.partition, p."offset", p.at))`;
const WITHOUT = `SELECT n::int AS n FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::timestamptz[])
    WITH ORDINALITY AS p (tenant, topic, partition, "offset", at, n)
  WHERE NOT ${HAS_PLACE('leaves')} AND NOT ${HAS_PLACE('pending_leaves')} ORDER BY n`;

/**
 * Those that came again, from an offset before what was stored, and have no leaf: they were passed over the first time (`gaps`), and stored
 * only now.
 */
export async function withoutLeaf(tx: SqlTx, rows: StoredRecord[]): Promise<StoredRecord[]> {
  if (rows.length === 0) return [];
  const found = await tx.query<{ n: number }>('audit-without-leaf', WITHOUT, [
    rows.map(({ tenant }) => tenant),
    rows.map(({ topic }) => topic),
    rows.map(({ partition }) => partition),
    rows.map(({ offset }) => offset),
    rows.map(({ appendedAt }) => appendedAt.toISOString()),
  ]);
  return found.map(({ n }) => rows[n - 1]!);
}
