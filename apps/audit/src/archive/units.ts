import type { OwnerSession } from './owner-session.js';
import { DEFAULT, KEPT, type Unit } from './unit.js';

const DAY = 24 * 3600 * 1000;
const BOUND = /^FOR VALUES FROM \('([^']+)'\) TO \('([^']+)'\)$/;

/** Where the days end that are so old by the database's clock. */
export async function endOf({ client }: OwnerSession, ageMs: number): Promise<Date> {
  const select = `SELECT date_trunc('day', now() - $1 * interval '1 millisecond') AS end`;
  return (await client.query<{ end: Date }>(select, [ageMs])).rows[0]!.end;
}

/** The days before `end` that still have records, the oldest first. */
export async function unitsBefore(session: OwnerSession, end: Date): Promise<Unit[]> {
  const units = [...(await partitions(session)), ...(await strays(session))];
  return units
    .filter(({ to }) => Date.parse(to) <= end.getTime())
    .sort((a, b) => a.from.localeCompare(b.from) || Number(b.isPartition) - Number(a.isPartition));
}

async function partitions({ client }: OwnerSession): Promise<Unit[]> {
  const { rows } = await client.query<{ name: string; bound: string }>(
    `SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'records'::regclass`,
  );
  return rows.flatMap(({ name, bound }) => {
    const [, from, to] = BOUND.exec(bound) ?? [];
    return from && to ? [unit(name, new Date(from), new Date(to), true)] : [];
  });
}

/** What came with a clock that was off, or for a day that is gone already. What was kept of such a day is there too. */
async function strays(session: OwnerSession): Promise<Unit[]> {
  const { rows } = await session.beyondWall(DEFAULT, () =>
    session.client.query<{ day: Date }>(
      `SELECT DISTINCT date_trunc('day', appended_at) AS day FROM ${DEFAULT} WHERE isfinite(appended_at) AND topic NOT IN ${KEPT}`,
    ),
  );
  return rows.map(({ day }) => unit(DEFAULT, day, new Date(day.getTime() + DAY), false));
}

const unit = (table: string, from: Date, to: Date, isPartition: boolean): Unit => ({
  day: from.toISOString().slice(0, 10),
  from: from.toISOString(),
  to: to.toISOString(),
  table,
  isPartition,
});
