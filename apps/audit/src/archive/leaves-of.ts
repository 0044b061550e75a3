import { openCheckpoint } from '@countersign/evidence';
import { ARCHIVED, ArchivedIndexes, type ArchivedRow } from './archive-note.js';
import { ArchiveRefused } from './refused.js';
import type { OwnerSession } from './owner-session.js';
import { KEPT, type Place, type Run, type Unit } from './unit.js';

/** Blocks of leaves that are read at once. */
const BLOCKS = 100;

export async function tenantsOf(session: OwnerSession): Promise<string[]> {
  const { rows } = await session.asService(() =>
    session.client.query<{ tenant: string }>('SELECT tenant FROM trees ORDER BY tenant'),
  );
  return rows.map(({ tenant }) => tenant);
}

/** The stretches of a tenant's tree in which records of the unit stand, each up to a size that is signed. */
export async function runsOf(session: OwnerSession, tenant: string, { from, to }: Unit): Promise<Run[]> {
  return session.asService(async () => {
    const select = `SELECT lower(r) AS from, upper(r) AS to FROM
      (SELECT unnest(range_agg(int8range("first", "first" + cardinality(topics)))) AS r FROM leaves WHERE tenant = $1 AND to_at >= $2 AND from_at < $3) t
      ORDER BY 1`;
    const { rows } = await session.client.query<{ from: string; to: string }>(select, [tenant, from, to]);
    const runs: Run[] = [];
    for (const row of rows) {
      const last = runs.at(-1);
      if (last && Number(row.to) <= last.to) continue;
      const { size, note, origin } = await signedFor(session, tenant, Number(row.to));
      if (last && Number(row.from) <= last.to) Object.assign(last, { to: size, note });
      else runs.push({ from: Number(row.from), to: size, note, origin });
    }
    return runs;
  });
}

/** The first checkpoint over that many leaves or more. */
async function signedFor({ client, keys }: OwnerSession, tenant: string, size: number) {
  const select = 'SELECT size, note FROM checkpoints WHERE tenant = $1 AND size >= $2 ORDER BY size LIMIT 1';
  const [row] = (await client.query<{ size: string; note: string }>(select, [tenant, size])).rows;
  const checkpoint = row && openCheckpoint(row.note, keys.trusted);
  if (checkpoint?.size !== Number(row?.size))
    throw new ArchiveRefused(
      'NOT_SIGNED',
      `No checkpoint of ${tenant} is signed over ${size} records.`,
      'See to it that audit runs, and try again.',
    );
  return { size: checkpoint!.size, note: row!.note, origin: checkpoint!.origin };
}

/** The places of a run, some at a time. */
export async function* placesOf(
  session: OwnerSession,
  tenant: string,
  { from, to }: Run,
  unit: Unit,
): AsyncGenerator<Place[]> {
  const select = `SELECT l."first" + p.n - 1 AS index, p.topic, p.partition, p."offset", p.at::text AS at, p.at >= $4 AND p.at < $5 AND ($6 OR p.topic NOT IN ${KEPT}) AS ours,
      substring(l.leaves FROM (32 * (p.n - 1) + 1)::int FOR 32) AS leaf
    FROM (SELECT * FROM leaves WHERE tenant = $1 AND "first" >= $2 AND "first" < $3 ORDER BY "first" LIMIT ${BLOCKS}) l,
      unnest(l.topics, l.partitions, l.offsets, l.appended_at) WITH ORDINALITY AS p (topic, partition, "offset", at, n)
    ORDER BY 1`;
  for (let next = from; next < to;) {
    const { rows } = await session.asService(() =>
      session.client.query<Place & { index: string }>(select, [tenant, next, to, unit.from, unit.to, unit.isPartition]),
    );
    if (rows.length === 0 || rows.some(({ index }, n) => Number(index) !== next + n))
      throw new ArchiveRefused(
        'DELETED',
        `Leaves of ${tenant} from index ${next} on are not there.`,
        'Run `countersign audit verify`: somebody changed the tree.',
      );
    const places = rows.map((place) => ({ ...place, index: Number(place.index) })).filter(({ index }) => index < to);
    yield places;
    next = places.at(-1)!.index + 1;
  }
}

/** What was archived earlier. */
export async function archivedOf(session: OwnerSession, tenant: string, origin: string): Promise<ArchivedIndexes> {
  const { rows } = await session.asService(() => session.client.query<ArchivedRow>(ARCHIVED, [tenant]));
  return new ArchivedIndexes(rows, origin, session.keys.trusted);
}
