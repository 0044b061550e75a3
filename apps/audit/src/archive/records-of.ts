import type { StoredRecord } from '@countersign/evidence';
import { BY_PLACE, PRECISE, RECORD, textOf } from '../tree/stored-lines.js';
import type { OwnerSession } from './owner-session.js';
import { KEPT, type Place, type Unit } from './unit.js';

/** The texts that leaves are made of, of the stored rows at these places; undefined where there is none. */
export async function textsOf(
  session: OwnerSession,
  { table }: Unit,
  places: readonly Place[],
): Promise<(string | undefined)[]> {
  const select = `SELECT p.n, ${RECORD}, ${PRECISE}
    FROM unnest($1::text[], $2::int[], $3::bigint[], $4::timestamptz[]) WITH ORDINALITY AS p (topic, partition, "offset", appended_at, n)
    JOIN ${table} r USING (topic, partition, "offset", appended_at)`;
  const rows = await session.beyondWall(table, async () => {
    await session.query(BY_PLACE);
    return session.query<(StoredRecord & { n: string; precise: string })[]>(select, [
      places.map(({ topic }) => topic),
      places.map(({ partition }) => partition),
      places.map(({ offset }) => offset),
      places.map(({ at }) => at),
    ]);
  });
  const texts: (string | undefined)[] = places.map(() => undefined);
  for (const row of rows) texts[Number(row.n) - 1] = textOf(row);
  return texts;
}

/** Which rows of its table the unit is made of, `$1` and `$2` being its ends. */
export const rowsOf = ({ table, isPartition }: Unit) =>
  `FROM ${table} WHERE appended_at >= $1 AND appended_at < $2 ${isPartition ? '' : `AND topic NOT IN ${KEPT}`}`;

export async function countOf(session: OwnerSession, unit: Unit): Promise<number> {
  const [row] = await session.query<{ n: string }[]>(`SELECT count(*) AS n ${rowsOf(unit)}`, [unit.from, unit.to]);
  return Number(row!.n);
}
