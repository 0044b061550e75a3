/*
 * Takes whole days out of the trace store into files (docs/audit-archive.md).
 *
 *  1  A day is taken out whole or not at all: every record of it is in its tenant's tree under a signed checkpoint, and is the one its
 *     leaf was made of.
 *  2  It is on the disk, and was read back from there with the same leaves at the same indexes, before anything is dropped.
 *  3  Whatever ends it, nothing is lost, and the next run finishes: up to the drop the database holds the day, from then on the files do.
 *  4  That it was taken out is signed with audit's key: without that key nobody can say so of what is gone.
 *  5  Leaves and checkpoints stay: files and database together prove as much as before.
 */
import path from 'node:path';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { beginDay, endDay } from './day-folder.js';
import { dropUnit, forgetBefore } from './drop-unit.js';
import { runsOf, tenantsOf } from './leaves-of.js';
import { OwnerSession, type ArchiveKeys } from './owner-session.js';
import { countOf } from './records-of.js';
import { ArchiveRefused } from './refused.js';
import type { FileEntry, Unit } from './unit.js';
import { endOf, unitsBefore } from './units.js';
import { notAsWritten, readBack, writeFile } from './write-file.js';

export interface ArchiveOptions {
  /** The owner's. */
  databaseUrl: string;
  keys: ArchiveKeys;
  olderThanMs: number;
  dir: string;
  dryRun?: boolean;
  onStep?: (step: Step) => void | Promise<void>;
}

export type Step =
  | { step: 'writing'; day: string; rows: number; of: number }
  | { step: 'written' | 'read back' | 'dropped'; day: string; rows: number };

export interface ArchivedDay {
  day: string;
  rows: number;
  bytes: number;
  /** Relative to the archive's folder. */
  files: string[];
}

/** Archives every day that ended longer ago than that. Answers them; of a dry run, what it would take out. */
export async function archive(options: ArchiveOptions): Promise<ArchivedDay[]> {
  const session = await OwnerSession.open(options.databaseUrl, options.keys);
  try {
    const days: ArchivedDay[] = [];
    const end = await endOf(session, options.olderThanMs);
    for (const unit of await unitsBefore(session, end)) {
      const rows = await session.beyondWall(unit.table, () => countOf(session, unit));
      days.push(
        options.dryRun ? { day: unit.day, rows, bytes: 0, files: [] } : await archiveUnit(session, unit, rows, options),
      );
    }
    if (!options.dryRun) await forgetBefore(session, end);
    return days;
  } finally {
    await session.close();
  }
}

async function archiveUnit(
  session: OwnerSession,
  unit: Unit,
  rows: number,
  { dir, onStep = () => {} }: ArchiveOptions,
): Promise<ArchivedDay> {
  const { day } = unit;
  const { name, files } = await writeDay(session, unit, rows, dir, onStep);
  await onStep({ step: 'written', day, rows });
  for (const entry of files) await requireAsWritten(path.join(dir, name, entry.file), entry);
  await onStep({ step: 'read back', day, rows });
  const entries = files.map((entry) => ({ ...entry, file: `${name}/${entry.file}` }));
  await dropUnit(session, unit, rows, entries);
  await onStep({ step: 'dropped', day, rows });
  return { day, rows, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), files: entries.map(({ file }) => file) };
}

async function writeDay(
  session: OwnerSession,
  unit: Unit,
  rows: number,
  dir: string,
  onStep: (step: Step) => void | Promise<void>,
): Promise<{ name: string; files: FileEntry[] }> {
  const { day } = unit;
  const partial = beginDay(dir, day);
  const files: FileEntry[] = [];
  const written = () => files.reduce((sum, entry) => sum + entry.rows, 0);
  for (const tenant of await tenantsOf(session)) {
    const before = written();
    const onRows = (count: number) => onStep({ step: 'writing', day, rows: before + count, of: rows });
    const entry = await writeTenant(session, tenant, unit, partial, onRows);
    if (entry) files.push(entry);
  }
  if (written() !== rows) {
    rmSync(partial, { recursive: true });
    throw new ArchiveRefused(
      'NOT_IN_TREE',
      `${rows - written()} of ${rows} records of ${day} are not in the tree yet, and so not under a checkpoint.`,
      'Nothing of this day was taken out. See to it that audit runs, and try again.',
    );
  }
  return { name: endDay(dir, partial, { countersign: 'archive/1', day, rows, files }), files };
}

async function writeTenant(
  session: OwnerSession,
  tenant: string,
  unit: Unit,
  partial: string,
  onRows: (rows: number) => void | Promise<void>,
): Promise<FileEntry | undefined> {
  const runs = await runsOf(session, tenant, unit);
  if (runs.length === 0) return undefined;
  const file = fileOf(tenant);
  const { tally, bytes, sha256 } = await writeFile(session, path.join(partial, file), { tenant, unit, runs, onRows });
  if (tally.rows > 0)
    return {
      tenant,
      origin: runs[0]!.origin,
      file,
      rows: tally.rows,
      indexes: tally.indexes,
      leaves: tally.digest(),
      bytes,
      sha256,
    };
  rmSync(path.join(partial, file));
  return undefined;
}

/** Tenants that differ in case alone have files of their own on every disk. */
const fileOf = (tenant: string) =>
  `${tenant
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .slice(0, 40)}-${createHash('sha256').update(tenant).digest('hex').slice(0, 8)}.ndjson.gz`;

async function requireAsWritten(file: string, entry: FileEntry): Promise<void> {
  const { tally, bytes, sha256 } = await readBack(file);
  const same =
    tally.rows === entry.rows && tally.digest() === entry.leaves && bytes === entry.bytes && sha256 === entry.sha256;
  if (!same) throw notAsWritten(`${file} has other records`);
}
