import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { leafHash } from '@countersign/signing';
import { checkpointLine, headerLine, placeLine, readExport, rowLine } from '@countersign/evidence';
import { StoredTree } from '../tree/stored-tree.js';
import type { ArchivedIndexes } from './archive-note.js';
import { archivedOf, placesOf } from './leaves-of.js';
import type { OwnerSession } from './owner-session.js';
import { textsOf } from './records-of.js';
import { ArchiveRefused } from './refused.js';
import { Tally } from './tally.js';
import type { Place, Run, Unit } from './unit.js';

/** Records that are read, and are in memory, at once. */
const AT_ONCE = 2000;

export interface Written {
  tally: Tally;
  bytes: number;
  sha256: string;
}

/** Writes a tenant's records of a day, as an export has them, and brings them to the disk. */
export async function writeFile(
  session: OwnerSession,
  file: string,
  {
    tenant,
    unit,
    runs,
    onRows,
  }: { tenant: string; unit: Unit; runs: Run[]; onRows(rows: number): void | Promise<void> },
): Promise<Written> {
  const tally = new Tally();
  const hash = createHash('sha256');
  let bytes = 0;
  async function* text() {
    for (const run of runs) yield* sectionOf(session, tenant, run, unit, tally, onRows);
  }
  async function* counted(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  const out = createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(Readable.from(text()), createGzip(), counted, out);
  return { tally, bytes, sha256: hash.digest('hex') };
}

async function* sectionOf(
  session: OwnerSession,
  tenant: string,
  run: Run,
  unit: Unit,
  tally: Tally,
  onRows: (rows: number) => void | Promise<void>,
): AsyncGenerator<string> {
  const { from, to, note, origin } = run;
  const { subtrees } = await session.asService(() => new StoredTree(session, tenant).frontier(from));
  const frontier = subtrees.map((hash) => hash.toString('base64'));
  yield headerLine({ countersign: 'export/1', tenant, origin, at: new Date().toISOString(), from, to, frontier });
  for await (const places of placesOf(session, tenant, run, unit))
    for (let at = 0; at < places.length; at += AT_ONCE) {
      yield await linesOf(session, { tenant, origin, unit, tally }, places.slice(at, at + AT_ONCE));
      await onRows(tally.rows);
    }
  yield checkpointLine(note);
}

async function linesOf(
  session: OwnerSession,
  { tenant, origin, unit, tally }: { tenant: string; origin: string; unit: Unit; tally: Tally },
  places: Place[],
): Promise<string> {
  const ours = places.filter(({ ours }) => ours);
  const found = ours.length > 0 ? await textsOf(session, unit, ours) : [];
  const texts = new Map(ours.map((place, n) => [place, found[n]]));
  const gone = ours.filter((place) => texts.get(place) === undefined).map(({ index }) => index);
  if (gone.length > 0) requireArchived(await archivedOf(session, tenant, origin), tenant, gone);
  return places.map((place) => lineOf(place, texts.get(place), tenant, tally)).join('');
}

function lineOf({ index, leaf }: Place, text: string | undefined, tenant: string, tally: Tally): string {
  if (text === undefined) return placeLine(index, leaf);
  if (!leafHash(text).equals(leaf))
    throw new ArchiveRefused(
      'CHANGED',
      `The record at index ${index} of ${tenant} is not the one its leaf was made of.`,
      'Nothing of this day was taken out. Find out who changed it: `countersign audit verify` names all such records.',
    );
  tally.add(index, leaf);
  return rowLine(index, leaf, text);
}

function requireArchived(archived: ArchivedIndexes, tenant: string, indexes: number[]): void {
  const deleted = indexes.find((index) => !archived.has(index));
  if (deleted === undefined) return;
  throw new ArchiveRefused(
    'DELETED',
    `The record at index ${deleted} of ${tenant} is not there, and was never archived.`,
    'Nothing of this day was taken out. Find out who deleted it: `countersign audit verify` names all such records.',
  );
}

/** What the disk holds of it. */
export async function readBack(file: string): Promise<Written> {
  const tally = new Tally();
  const hash = createHash('sha256');
  let bytes = 0;
  async function* counted(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  async function count(source: AsyncIterable<Buffer>) {
    for await (const lines of readExport(source))
      for (const line of lines) {
        if (line.kind === 'malformed') throw new Error(`line ${line.line}: ${line.because}`);
        if (line.kind === 'row' && line.text) tally.add(line.index, leafHash(line.text.toString('utf8', 1)));
      }
  }
  try {
    await pipeline(createReadStream(file), counted, createGunzip(), count);
  } catch (error) {
    throw notAsWritten(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { tally, bytes, sha256: hash.digest('hex') };
}

export const notAsWritten = (what: string) =>
  new ArchiveRefused(
    'NOT_AS_WRITTEN',
    `What was written is not what the disk gives back. ${what}.`,
    'Nothing was taken out. Look at the disk, and archive to another folder.',
  );
