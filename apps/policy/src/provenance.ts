import type { ArgumentProvenance, Json, JsonObject, RecordRead } from '@countersign/contracts';
import { MAX_READ_FIELDS, MAX_READS, type AcceptedIntent, type ReadSeen } from './state.js';

type Scalar = string | number | boolean;

const MAX_ARGUMENTS = 100;
const MAX_VALUE = 200;
const MAX_FIELD = 100;

/**
 * Where each argument comes from: the record whose field has exactly this value, else the user's own words, else the
 * model. Nested arguments by dotted path. Nothing a planner or client claims counts.
 */
export function provenanceOf(
  args: JsonObject,
  intent: Pick<AcceptedIntent, 'text' | 'subjectId' | 'reads'>,
): Record<string, ArgumentProvenance> {
  const provenance: Record<string, ArgumentProvenance> = {};
  // A path is the sum of its keys: a hundred of them below a long one would outgrow any event.
  const short = leaves(args).filter(([path]) => path.length <= MAX_VALUE);
  for (const [path, value] of short.slice(0, MAX_ARGUMENTS)) {
    provenance[path] = fromRecord(value, intent.reads) ?? { origin: saidByUser(value, intent) ? 'user' : 'model' };
  }
  return provenance;
}

/** What provenance needs of a read, bounded; the newest reads are kept. */
export function withRead(reads: readonly ReadSeen[], result: Json, records: readonly RecordRead[]): ReadSeen[] {
  const fields = leaves(result)
    .filter(([path, value]) => isKept(path) && path.length <= MAX_FIELD && isKept(value))
    .slice(0, MAX_READ_FIELDS);
  const [only, ...others] = records;
  const record = only && others.length === 0 ? only : undefined;
  const seen = { ids: records.slice(0, MAX_READ_FIELDS).map((one) => ({ ...one })), fields };
  return [...reads.slice(1 - MAX_READS), record ? { ...record, ...seen } : seen];
}

function fromRecord(value: Scalar, reads: readonly ReadSeen[]): ArgumentProvenance | undefined {
  for (const read of [...reads].reverse()) {
    const named = read.ids.find(({ id }) => id === value);
    if (named) return { origin: 'record', ...named, field: 'id' };
    const field = read.fields.find(([, known]) => known === value)?.[0];
    if (field === undefined) continue;
    const { system, type, id, version, at } = read;
    // Of several records it is not known whose field this is; then none is named.
    return system && type && id && version && at
      ? { origin: 'record', system, type, id, version, at, field }
      : { origin: 'record', field };
  }
  return undefined;
}

function saidByUser(value: Scalar, { text, subjectId }: Pick<AcceptedIntent, 'text' | 'subjectId'>): boolean {
  if (typeof value === 'boolean' || value === '') return false;
  if (value === subjectId) return true;
  if (!text) return false;
  const number = plainNumber(String(value));
  if (number === undefined) return standsIn(text, String(value));
  return (text.match(/\d+(?:[.,]\d+)?/g) ?? []).some((word) => plainNumber(word.replace(',', '.')) === number);
}

/** As a word of its own: `ord_1` does not stand in `ord_100`. */
function standsIn(text: string, literal: string): boolean {
  const word = /[\p{L}\p{N}_]/u;
  for (let at = text.indexOf(literal); at !== -1; at = text.indexOf(literal, at + 1)) {
    const before = text[at - 1] ?? '';
    const after = text[at + literal.length] ?? '';
    if (!word.test(before) && !word.test(after)) return true;
  }
  return false;
}

/** `18`, `18.0` and `18.00` are the same amount. */
function plainNumber(text: string): string | undefined {
  const [, whole, fraction] = /^0*(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const rest = fraction?.replace(/0+$/, '');
  return rest ? `${whole}.${rest}` : whole;
}

function leaves(value: Json, path = ''): [string, Scalar][] {
  if (value === null) return [];
  if (typeof value !== 'object') return [[path, value]];
  const entries = Array.isArray(value) ? value.map((item, at) => [String(at), item] as const) : Object.entries(value);
  return entries.flatMap(([name, item]) => leaves(item as Json, path ? `${path}.${name}` : name));
}

/** Short, and storable: what a target answers may hold anything. */
const isKept = (value: Scalar) =>
  typeof value !== 'string' ||
  (value !== '' && value.length <= MAX_VALUE && !value.includes('\u0000') && value.isWellFormed());
