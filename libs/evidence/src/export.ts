/*
 * Records of one tenant as a file (docs/tamper-evidence.md): NDJSON in the order of the tenant's tree. Sections may follow each other, each
 * begun by its header.
 *
 *   {"countersign":"export/1","tenant":"acme","origin":"…","at":"…","from":0,"to":3,"frontier":[],"signed":"…"}
 *   {"index":0,"leaf":"<base64>","record":{…}}     a row: the text of `record` is the leaf's own (leaf.ts)
 *   {"index":1,"leaf":"<base64>"}                  a row that is kept elsewhere: its place in the tree alone
 *   {"checkpoint":"…"}                             the signed note of the size that the rows so far come to
 *
 *  1  A line is of exactly one of these shapes, to the byte, or malformed: what a reader takes from it is what was hashed.
 *  2  Reading is one pass in bounded memory.
 */
import type { KeyObject } from 'node:crypto';
import type { Signer } from '@countersign/signing';
import { z } from 'zod';
import { TOPICS } from '@countersign/contracts';
import { openNote, signNote } from './checkpoint.js';
import { SIGNATURES, type StoredRecord } from './stored-record.js';

const hash = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);
const size = z.int().min(0);

export const exportHeader = z.strictObject({
  countersign: z.literal('export/1'),
  tenant: z.string().min(1),
  /** The tree's name, as the checkpoints' first line has it. */
  origin: z.string().min(1),
  /** When it was written: what was signed later cannot be in it. */
  at: z.iso.datetime({ precision: 3 }),
  /** The first index in the file, and the one behind the last. */
  from: size,
  to: size,
  /** Hashes of the complete subtrees of all before `from`, the largest first. */
  frontier: z.array(hash).max(53),
  /** The note by which audit says that it wrote these indexes then; a file that was cut cannot say that it is older. */
  signed: z.string().max(4000).optional(),
});
export type ExportHeader = z.infer<typeof exportHeader>;

type Written = Pick<ExportHeader, 'origin' | 'at' | 'from' | 'to'>;

/** Unlike a checkpoint's, its second line is no number. */
const writtenText = ({ origin, at, from, to }: Written) => `${[origin, 'export', at, from, to].join('\n')}\n`;

export const signWritten = (written: Written, signer: Signer): string =>
  signNote(writtenText(written), written.origin, signer);

/** Whether it was written when it says, as one of the keys signed. */
export const isWritten = (header: ExportHeader, keys: readonly KeyObject[]): boolean =>
  header.signed !== undefined && openNote(header.signed, header.origin, keys) === writtenText(header);

const text = z.string();
const maybe = text.optional();
const record = z.strictObject({
  topic: z.enum(TOPICS),
  partition: z.int(),
  offset: text.regex(/^\d{1,19}$/),
  appendedAt: z.iso.datetime({ precision: 3 }),
  key: text,
  id: maybe,
  type: maybe,
  source: maybe,
  subject: maybe,
  tenant: text,
  claimedTenant: text,
  actor: maybe,
  session: maybe,
  intent: maybe,
  action: maybe,
  causation: maybe,
  traceId: maybe,
  tool: maybe,
  code: maybe,
  auditCode: maybe,
  outcome: maybe,
  rules: z.array(text),
  about: z.array(text),
  value: maybe,
  headers: text,
  signature: z.enum(SIGNATURES),
  flaw: maybe,
  poisonReason: maybe,
  poisonDetail: maybe,
} satisfies Record<keyof StoredRecord, z.ZodType>);

export const headerLine = (header: ExportHeader): string => `${JSON.stringify(exportHeader.parse(header))}\n`;
/** `text` is the leaf's text. */
export const rowLine = (index: number, leaf: Buffer, text: string): string =>
  `{"index":${index},"leaf":"${leaf.toString('base64')}","record":${text}}\n`;
export const placeLine = (index: number, leaf: Buffer): string =>
  `{"index":${index},"leaf":"${leaf.toString('base64')}"}\n`;
export const checkpointLine = (note: string): string => `${JSON.stringify({ checkpoint: note })}\n`;

export type ExportLine =
  | { kind: 'header'; line: number; header: ExportHeader }
  /** `text` of a row is the bytes its leaf was made of, behind one byte that is free to be written on. */
  | { kind: 'row'; line: number; index: number; leaf: Buffer; text: Buffer | undefined }
  | { kind: 'checkpoint'; line: number; note: string }
  | { kind: 'malformed'; line: number; because: string };

/** Far above a record of 1 MiB in JSON. */
const LINE_LIMIT = 16 * 1024 * 1024;
const LF = 10;

/**
 * The lines of a file, some at a time. Their buffers are good until the next are asked for.
 *
 * @param source the file's bytes, unpacked
 */
export async function* readExport(source: AsyncIterable<Buffer>): AsyncGenerator<ExportLine[]> {
  let number = 0;
  let rest: Buffer[] = [];
  let held = 0;
  for await (const chunk of source) {
    const lines: ExportLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      const part = chunk.subarray(start, end);
      lines.push(lineOf(rest.length ? Buffer.concat([...rest, part]) : part, ++number));
      rest = [];
      held = 0;
      start = end + 1;
    }
    if (start < chunk.length) {
      // Whoever reads the file may use its buffer again.
      rest.push(Buffer.from(chunk.subarray(start)));
      held += chunk.length - start;
    }
    if (held > LINE_LIMIT) {
      yield [...lines, { kind: 'malformed', line: number + 1, because: 'a line is longer than any of ours' }];
      return;
    }
    if (lines.length > 0) yield lines;
  }
  if (held > 0) yield [{ kind: 'malformed', line: number + 1, because: 'the last line breaks off' }];
}

const INDEX = Buffer.from('{"index":');
const LEAF = Buffer.from(',"leaf":"');
const RECORD = Buffer.from('","record":');
const LEAF_CHARS = 44;
const CLOSE = '}'.charCodeAt(0);

function lineOf(bytes: Buffer, line: number): ExportLine {
  return (
    (startsWith(bytes, INDEX, 0) ? rowOf(bytes, line) : otherOf(bytes, line)) ?? {
      kind: 'malformed',
      line,
      because: 'it is no line of an export',
    }
  );
}

function rowOf(bytes: Buffer, line: number): ExportLine | undefined {
  let at = INDEX.length;
  let index = 0;
  for (; bytes[at]! >= 48 && bytes[at]! <= 57 && at < INDEX.length + 16; at++) index = index * 10 + bytes[at]! - 48;
  const digits = at - INDEX.length;
  if (digits === 0 || (digits > 1 && bytes[INDEX.length] === 48) || !startsWith(bytes, LEAF, at)) return undefined;
  at += LEAF.length;
  const written = bytes.toString('latin1', at, at + LEAF_CHARS);
  const leaf = Buffer.from(written, 'base64');
  if (leaf.length !== 32 || leaf.toString('base64') !== written) return undefined;
  at += LEAF_CHARS;
  if (bytes.length === at + 2 && bytes[at] === 34 && bytes[at + 1] === CLOSE)
    return { kind: 'row', line, index, leaf, text: undefined };
  if (!startsWith(bytes, RECORD, at) || bytes.at(-1) !== CLOSE) return undefined;
  return { kind: 'row', line, index, leaf, text: bytes.subarray(at + RECORD.length - 1, -1) };
}

function startsWith(bytes: Buffer, what: Buffer, at: number): boolean {
  for (let n = 0; n < what.length; n++) if (bytes[at + n] !== what[n]) return false;
  return true;
}

const checkpointShape = z.strictObject({ checkpoint: z.string() });

function otherOf(bytes: Buffer, line: number): ExportLine | undefined {
  const written = bytes.toString('utf8');
  const json = parse(written);
  const header = exportHeader.safeParse(json);
  if (header.success && `${written}\n` === headerLine(header.data))
    return { kind: 'header', line, header: header.data };
  const checkpoint = checkpointShape.safeParse(json);
  if (checkpoint.success && `${written}\n` === checkpointLine(checkpoint.data.checkpoint))
    return { kind: 'checkpoint', line, note: checkpoint.data.checkpoint };
  return undefined;
}

function parse(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return undefined;
  }
}

/** The stored row of a line; undefined if its record is kept elsewhere. Throws if it is none of ours. */
export function recordOf(line: ExportLine & { kind: 'row' }): StoredRecord | undefined {
  if (!line.text) return undefined;
  const row = record.parse(JSON.parse(line.text.toString('utf8', 1)));
  const nulls = Object.fromEntries(Object.keys(record.shape).map((name) => [name, null]));
  return { ...nulls, ...row, appendedAt: new Date(row.appendedAt) } as StoredRecord;
}
