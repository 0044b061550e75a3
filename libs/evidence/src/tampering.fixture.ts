import { Readable } from 'node:stream';
import { leafHash, type Signer } from '@countersign/signing';
import { signCheckpoint } from './checkpoint.js';
import { checkpointLine, exportHeader, headerLine, readExport, rowLine, signWritten } from './export.js';
import { leafText } from './leaf.js';
import type { StoredRecord } from './stored-record.js';
import { Frontier } from './tree.js';
import { verifyExport, type FindingKind, type Verdict, type VerifyOptions } from './verify.js';

/** A row as a store may hold one, every column of it set now and then. */
export function rowAt(n: number, tenant = 'acme'): StoredRecord {
  const some = <T>(every: number, value: T) => (n % every === 0 ? value : null);
  return {
    topic: n % 2 ? 'decisions' : 'results',
    partition: n % 4,
    offset: String(1000 + n),
    appendedAt: new Date(Date.UTC(2026, 2, 1) + n * 37),
    key: `${tenant}/s-${n % 7}`,
    id: `evt_${n}`,
    type: 'countersign.action.committed.v1',
    source: '/services/executor',
    subject: some(2, `act_${n}`),
    tenant,
    claimedTenant: tenant,
    actor: some(3, 'alice'),
    session: `s-${n % 7}`,
    intent: `int_${n >> 3}`,
    action: some(2, `act_${n}`),
    causation: some(5, `evt_${n - 1}`),
    traceId: null,
    tool: some(3, 'issue_refund'),
    code: some(7, 'KILLED'),
    auditCode: some(11, 'TENANT_MISMATCH'),
    outcome: 'committed',
    rules: n % 3 ? ['refund.within-limit', 'refund.own-order'] : [],
    about: [`ord_${n}`, 'zo\u00eb'],
    value: JSON.stringify({ amount: `${n}.00`, text: 'a "quoted" word\nand another \u{1f600}'.repeat(1 + (n % 5)) }),
    headers: JSON.stringify({ ce_id: `evt_${n}`, ce_signature: 'x'.repeat(200) }),
    signature: n % 13 ? 'valid' : 'invalid',
    flaw: some(13, 'signed by policy, not by executor'),
    poisonReason: some(17, 'UNREADABLE'),
    poisonDetail: some(17, 'no JSON'),
  };
}

export interface ExportParts {
  tenant: string;
  origin: string;
  signer: Signer;
  /** Rows a checkpoint. */
  every: number;
  /** The first index that is in it. */
  from?: number;
  at?: string;
}

/** What audit would have written of these rows. */
export function exportOf(
  rows: StoredRecord[],
  { tenant, origin, signer, every, from = 0, at = '2026-03-01T12:00:00.000Z' }: ExportParts,
): string {
  const texts = rows.map((row) => leafText(row));
  const leaves = texts.map((text) => leafHash(text));
  const frontier = new Frontier();
  for (const leaf of leaves.slice(0, from)) frontier.append(leaf);
  const before = frontier.subtrees.map((hash) => hash.toString('base64'));
  const written = { origin, at, from, to: rows.length };
  const signed = signWritten(written, signer);
  const lines = [headerLine({ countersign: 'export/1', tenant, ...written, frontier: before, signed })];
  for (let index = from; index < rows.length; index++) {
    frontier.append(leaves[index]!);
    lines.push(rowLine(index, leaves[index]!, texts[index]!));
    const size = index + 1;
    if (size % every === 0 || size === rows.length)
      lines.push(checkpointLine(signCheckpoint({ origin, size, root: frontier.root }, signer)));
  }
  return lines.join('');
}

export const verifyText = (file: string | Buffer, options: VerifyOptions): Promise<Verdict> =>
  verifyExport(readExport(Readable.from([Buffer.from(file)])), options);

export type Random = () => number;

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Tampered {
  what: string;
  file: Buffer;
  /** Findings of which one has to be there. */
  named: FindingKind[];
}

const ANY: FindingKind[] = [
  'malformed',
  'changed',
  'deleted',
  'inserted',
  'reordered',
  'truncated',
  'rewritten',
  'unsigned',
];

/** One seeded change of a file that holds one section of many rows, from index 0 on. */
export function tampered(file: string, random: Random): Tampered {
  const ways = [
    bitOfRecord,
    bitOfRecord,
    bitOfFile,
    bitOfNote,
    deleted,
    deletedAndNumbered,
    inserted,
    doubled,
    swapped,
    swappedAndNumbered,
    cutLines,
    cutBytes,
  ];
  return ways[Math.floor(random() * ways.length)]!(file.split('\n').slice(0, -1), random);
}

const isRow = (line: string) => line.startsWith('{"index"');
const below = (limit: number, random: Random) => Math.floor(random() * limit);
const pick = <T>(list: T[], random: Random): T => list[below(list.length, random)]!;
const rowsOf = (lines: string[]) => lines.flatMap((line, at) => (isRow(line) ? [at] : []));
const fileOf = (lines: string[]) => Buffer.from(`${lines.join('\n')}\n`);

function flipped(bytes: Buffer, from: number, to: number, random: Random): Buffer {
  const at = from + below(to - from, random);
  bytes[at]! ^= 1 << below(8, random);
  return bytes;
}

function bitOfRecord(lines: string[], random: Random): Tampered {
  const at = pick(rowsOf(lines), random);
  const before = Buffer.byteLength(`${lines.slice(0, at).join('\n')}\n`);
  const from = before + lines[at]!.indexOf('"record":{') + 10;
  const file = flipped(fileOf(lines), from, before + Buffer.byteLength(lines[at]!) - 1, random);
  // A flip may make a line feed of a byte, which breaks the line in two.
  return { what: 'a bit of a record', file, named: ['changed', 'malformed'] };
}

const bitOfFile = (lines: string[], random: Random): Tampered => {
  const file = fileOf(lines);
  return { what: 'a bit anywhere', file: flipped(file, 0, file.length, random), named: ANY };
};

function bitOfNote(lines: string[], random: Random): Tampered {
  const at = pick(
    lines.flatMap((line, n) => (line.startsWith('{"checkpoint"') ? [n] : [])),
    random,
  );
  const before = Buffer.byteLength(`${lines.slice(0, at).join('\n')}\n`);
  const file = flipped(fileOf(lines), before, before + Buffer.byteLength(lines[at]!), random);
  return { what: 'a bit of a checkpoint', file, named: ['unsigned', 'malformed'] };
}

function deleted(lines: string[], random: Random): Tampered {
  const rows = rowsOf(lines);
  const many = 1 + below(5, random);
  const at = below(rows.length - many, random);
  const gone = new Set(rows.slice(at, at + many));
  // The last ones before the end are not deleted from its midst, but cut off it.
  return { what: `${many} rows deleted`, file: fileOf(lines.filter((_, n) => !gone.has(n))), named: ['deleted'] };
}

/** Gives the rows their indexes anew, so that nothing shows but the roots. */
function numbered(lines: string[]): string[] {
  let index = 0;
  return lines.map((line) => (isRow(line) ? line.replace(/^\{"index":\d+/, () => `{"index":${index++}`) : line));
}

/** The header as it would be of so many rows, without the note that audit wrote it. */
function resized(lines: string[]): string[] {
  const { signed: _, ...header } = exportHeader.parse(JSON.parse(lines[0]!));
  return [headerLine({ ...header, to: rowsOf(lines).length }).trimEnd(), ...lines.slice(1)];
}

function deletedAndNumbered(lines: string[], random: Random): Tampered {
  const at = pick(rowsOf(lines), random);
  const file = fileOf(resized(numbered(lines.filter((_, n) => n !== at))));
  return { what: 'a row deleted and the rest numbered anew', file, named: ['rewritten', 'deleted'] };
}

function inserted(lines: string[], random: Random): Tampered {
  const at = pick(rowsOf(lines), random);
  const text = leafText({ ...rowAt(below(1e6, random)), id: 'forged' });
  const forged = rowLine(0, leafHash(text), text).trimEnd();
  const file = fileOf(resized(numbered([...lines.slice(0, at), forged, ...lines.slice(at)])));
  return { what: 'a forged row', file, named: ['rewritten', 'reordered'] };
}

function doubled(lines: string[], random: Random): Tampered {
  const at = pick(rowsOf(lines), random);
  return {
    what: 'a row twice',
    file: fileOf([...lines.slice(0, at), lines[at]!, ...lines.slice(at)]),
    named: ['inserted'],
  };
}

function swap(lines: string[], random: Random): string[] {
  const rows = rowsOf(lines);
  const first = below(rows.length - 1, random);
  const second = first + 1 + below(rows.length - first - 1, random);
  const swapped = [...lines];
  [swapped[rows[first]!], swapped[rows[second]!]] = [lines[rows[second]!]!, lines[rows[first]!]!];
  return swapped;
}

const swapped = (lines: string[], random: Random): Tampered => ({
  what: 'two rows in each other’s place',
  file: fileOf(swap(lines, random)),
  named: ['reordered'],
});

const swappedAndNumbered = (lines: string[], random: Random): Tampered => ({
  what: 'two rows in each other’s place and index',
  file: fileOf(numbered(swap(lines, random))),
  named: ['rewritten'],
});

/** To an earlier checkpoint, and the header says so too: what was kept elsewhere shows it. */
function cutLines(lines: string[], random: Random): Tampered {
  const ends = lines.flatMap((line, at) => (line.startsWith('{"checkpoint"') ? [at + 1] : [])).slice(0, -1);
  return {
    what: 'cut to an earlier checkpoint',
    file: fileOf(resized(lines.slice(0, pick(ends, random)))),
    named: ['truncated'],
  };
}

function cutBytes(lines: string[], random: Random): Tampered {
  const file = fileOf(lines);
  const end = lines[0]!.length + 1 + below(file.length - lines[0]!.length - 2, random);
  return { what: 'cut anywhere', file: file.subarray(0, end), named: ['truncated', 'malformed'] };
}
