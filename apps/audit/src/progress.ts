import type { Topic } from '@countersign/contracts';
import type { SqlTx } from '@countersign/messaging';

interface Place {
  topic: Topic;
  partition: number;
}

/** Offsets nobody delivered, both ends included. */
export interface Gap extends Place {
  from: bigint;
  to: bigint;
}

export interface Stored extends Place {
  offset: bigint;
  timestamp: number;
}

/** Where a partition stands after what was stored of it. */
export interface Progress extends Place {
  next: bigint;
  lastAppendedAt: number;
}

interface Followed<T> {
  gaps: Gap[];
  /** What was not stored before. */
  fresh: T[];
  progress: Progress[];
}

const placeOf = ({ topic, partition }: Place) => `${topic}/${partition}`;

/**
 * What is missing between records in offset order, given where each partition stood before; a partition never seen begins
 * at 0. What was stored before is neither missing nor progress.
 */
export function follow<T extends Stored>(before: Map<string, bigint>, stored: T[]): Followed<T> {
  const gaps: Gap[] = [];
  const fresh: T[] = [];
  const reached = new Map<string, Progress>();
  for (const record of stored) {
    const { topic, partition, offset, timestamp } = record;
    const place = placeOf({ topic, partition });
    const last = reached.get(place);
    const next = last?.next ?? before.get(place) ?? 0n;
    if (offset < next) continue;
    fresh.push(record);
    if (offset > next) gaps.push({ topic, partition, from: next, to: offset - 1n });
    reached.set(place, { topic, partition, next: offset + 1n, lastAppendedAt: timestamp });
  }
  return { gaps, fresh, progress: [...reached.values()] };
}

/** Moves the progress of the partitions and writes down what is missing, in the transaction that stores the records. */
export async function advance<T extends Stored>(tx: SqlTx, stored: T[]): Promise<Pick<Followed<T>, 'gaps' | 'fresh'>> {
  const places = new Map(stored.map((record) => [placeOf(record), record]));
  const where = [
    [...places.values()].map(({ topic }) => topic),
    [...places.values()].map(({ partition }) => partition),
  ];
  const select = `SELECT topic, partition, next FROM progress JOIN unnest($1::text[], $2::int[]) AS t (topic, partition) USING (topic, partition)`;
  const rows = await tx.query<{ topic: Topic; partition: number; next: string }>('audit-progress', select, where);
  const { gaps, fresh, progress } = follow(new Map(rows.map((row) => [placeOf(row), BigInt(row.next)])), stored);
  const upsert = `INSERT INTO progress (topic, partition, next, last_appended_at)
    SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::timestamptz[]) ON CONFLICT (topic, partition)
    DO UPDATE SET next = excluded.next, last_appended_at = excluded.last_appended_at WHERE progress.next < excluded.next`;
  await tx.query('audit-progress-move', upsert, [
    progress.map(({ topic }) => topic),
    progress.map(({ partition }) => partition),
    progress.map(({ next }) => next.toString()),
    progress.map(({ lastAppendedAt }) => new Date(lastAppendedAt)),
  ]);
  if (gaps.length > 0) await raise(tx, gaps);
  return { gaps, fresh };
}

async function raise(tx: SqlTx, gaps: Gap[]): Promise<void> {
  const insert = `INSERT INTO gaps (topic, partition, from_offset, to_offset) SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[])
    ON CONFLICT DO NOTHING`;
  const values = [
    gaps.map(({ topic }) => topic),
    gaps.map(({ partition }) => partition),
    gaps.map(({ from }) => from.toString()),
    gaps.map(({ to }) => to.toString()),
  ];
  await tx.query('audit-gaps', insert, values);
}

const NOTICES = 20;

/** What is missing, the newest first, in words. */
export async function gapsNoticed(sql: SqlTx): Promise<string[]> {
  const select = `SELECT topic, partition, from_offset AS "from", to_offset AS "to", noticed_at AS at, count(*) OVER () AS of
    FROM gaps ORDER BY noticed_at DESC LIMIT ${NOTICES}`;
  const rows = await sql.query<{ topic: Topic; partition: number; from: string; to: string; at: Date; of: string }>(
    'audit-gaps-noticed',
    select,
    [],
  );
  const told = rows.map(
    ({ topic, partition, from, to, at }) =>
      `offsets ${from} to ${to} of ${topic}/${partition} were never delivered (noticed ${at.toISOString()})`,
  );
  const more = Number(rows[0]?.of ?? 0) - rows.length;
  return more > 0 ? [...told, `and ${more} stretches of offsets before`] : told;
}
