import { signArchived } from './archive-note.js';
import { countOf, rowsOf } from './records-of.js';
import type { OwnerSession } from './owner-session.js';
import { ArchiveRefused } from './refused.js';
import { multirange } from './tally.js';
import { DEFAULT, KEPT, type FileEntry, type Unit } from './unit.js';

/** Takes what was written out of the database, and says in the same transaction where it is. */
export async function dropUnit(session: OwnerSession, unit: Unit, rows: number, files: FileEntry[]): Promise<void> {
  const { table, isPartition } = unit;
  // Whoever writes or searches locks `records` first: so does this, or each would wait for the other.
  await session.change(
    isPartition ? 'records' : table,
    [table, 'archives', ...(isPartition ? [DEFAULT] : [])],
    async () => {
      if (isPartition) await dropPartition(session, unit, rows);
      else await deleteRows(session, unit, rows);
      await note(session, unit, files);
      for (const raise of ['archives', DEFAULT].flatMap((each) => session.raised(each)))
        await session.client.query(raise);
    },
  );
}

async function dropPartition(session: OwnerSession, unit: Unit, rows: number): Promise<void> {
  requireAll(unit, await countOf(session, unit), rows);
  await session.client.query(`ALTER TABLE records DETACH PARTITION ${unit.table}`);
  await session.client.query(
    `INSERT INTO ${DEFAULT} SELECT * FROM ${unit.table} WHERE topic IN ${KEPT} ON CONFLICT DO NOTHING`,
  );
  await session.client.query(`DROP TABLE ${unit.table}`);
}

async function deleteRows(session: OwnerSession, unit: Unit, rows: number): Promise<void> {
  const { rowCount } = await session.client.query(`DELETE ${rowsOf(unit)}`, [unit.from, unit.to]);
  requireAll(unit, rowCount ?? 0, rows);
}

/** A record may still come for a day that is long over. */
function requireAll({ day }: Unit, now: number, written: number): void {
  if (now === written) return;
  throw new ArchiveRefused(
    'CAME_LATE',
    `${day} had ${written} records when it was written, and has ${now} now.`,
    'Nothing was taken out. Try again.',
  );
}

async function note({ client, keys }: OwnerSession, { day }: Unit, files: FileEntry[]): Promise<void> {
  const insert = `INSERT INTO archives (tenant, file, day, indexes, rows, sha256, note)
    SELECT t.tenant, t.file, $1, t.indexes::int8multirange, t.rows, t.sha256, t.note
      FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[]) AS t (tenant, file, indexes, rows, sha256, note)`;
  const said = files.map((file) => ({ ...file, day, indexes: multirange(file.indexes) }));
  await client.query(insert, [
    day,
    said.map(({ tenant }) => tenant),
    said.map(({ file }) => file),
    said.map(({ indexes }) => indexes),
    said.map(({ rows }) => rows),
    said.map(({ sha256 }) => sha256),
    said.map((each) => signArchived(each, each.origin, keys.signer)),
  ]);
}

/** What a search finds traces by, of days that are all taken out. An interrupted run leaves it to the next. */
export async function forgetBefore(session: OwnerSession, end: Date): Promise<void> {
  for (const table of ['begun', 'terms'])
    await session.changeInUse(table, async () => {
      await session.client.query(`DELETE FROM ${table} WHERE at < $1`, [end]);
    });
}
