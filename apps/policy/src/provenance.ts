/*
 * Where the values of an action come from, computed from the accepted intent and the results the executor signed. What it guarantees:
 * 1. Nothing a planner or client claims counts.
 * 2. `user` is said of the user's own words alone, never of what they quote or forward.
 * 3. A value has the trust of the place it was found in; but one that strangers wrote too, and the user's own words do not hold, is
 *    `untrusted` wherever else it stands: reading the record a ticket names does not make the name anybody's wish. Of what no
 *    source declares nobody knows the trust, so none is said; a rule that wants one finds none.
 * 4. What an action rests on is every record one of its values was found in, at the version that was read.
 * 5. Reading proves nothing of what the model put into the read: a value that neither the user nor a record of this intent gave is
 *    `untrusted` when the read gives it back, and so is all that is told of a record the model named that way. What an earlier
 *    intent of the session read is not a record of this intent.
 * 6. A value is the user's own only as a whole word of theirs: no part of an address, a path, a name, a date or a larger number. What
 *    strangers wrote is looked for in every part of what they wrote, in the names of fields too.
 */
import {
  cut,
  isSealed,
  type ArgumentProvenance,
  type Json,
  type JsonObject,
  type RecordRead,
} from '@countersign/contracts';
import type { Source } from '@countersign/context';
import { sealedTokensIn, tokensIn } from '@countersign/sealing';
import {
  MAX_CONTEXT,
  MAX_READ_FIELDS,
  MAX_READS,
  MAX_TEXT_KEPT,
  MAX_TOKENS,
  type AcceptedIntent,
  type ReadSeen,
  type Trust,
} from './state.js';

type Scalar = string | number | boolean;
type Known = Pick<AcceptedIntent, 'text' | 'subjectId' | 'reads' | 'strangers' | 'strangersCut'>;

const MAX_ARGUMENTS = 100;
const MAX_VALUE = 200;
const MAX_FIELD = 100;
const MAX_STRANGE_TEXTS = 2_000;

/**
 * Where each argument comes from: the record whose field has exactly this value, the newest first, else the user's own words,
 * else the model. Nested arguments by dotted path.
 */
export function provenanceOf(args: JsonObject, intent: Known): Record<string, ArgumentProvenance> {
  const provenance: Record<string, ArgumentProvenance> = {};
  // A path is the sum of its keys: a hundred of them below a long one would outgrow any event.
  const short = leaves(args).filter(([path]) => path.length <= MAX_VALUE);
  for (const [path, value] of short.slice(0, MAX_ARGUMENTS)) provenance[path] = originOf(value, intent);
  return provenance;
}

/** The same of arguments that people edited: what differs from the proposal is theirs. */
export function provenanceOfEdited(
  args: JsonObject,
  proposed: JsonObject,
  intent: Known,
): Record<string, ArgumentProvenance> {
  const before = new Map(leaves(proposed));
  const provenance = provenanceOf(args, intent);
  for (const [path, value] of leaves(args))
    if (Object.hasOwn(provenance, path) && before.get(path) !== value) provenance[path] = { origin: 'approver' };
  return provenance;
}

function originOf(value: Scalar, intent: Known): ArgumentProvenance {
  const place = placeOf(value, intent.reads);
  const own = saidByUser(value, intent);
  const trust = trustOf(value, place?.trust, own, intent);
  if (!place) return { origin: own ? 'user' : 'model', ...(trust ? { trust } : {}) };
  const { record, field } = place;
  // Of several records it is not known whose field this is; then none is named.
  return { origin: 'record', ...record, field, ...(trust ? { trust } : {}) };
}

/** Guarantee 3. */
function trustOf(value: Scalar, found: Trust | undefined, own: boolean, intent: Known): Trust | undefined {
  if (own) return found === 'system' ? 'system' : 'user';
  if (found === 'untrusted' || intent.strangersCut || standsIn(intent.strangers, value)) return 'untrusted';
  return found;
}

interface Place {
  read: ReadSeen;
  record: RecordRead | undefined;
  field: string;
  trust: Trust | undefined;
}

function placeOf(value: Scalar, reads: readonly ReadSeen[]): Place | undefined {
  for (let at = reads.length - 1; at >= 0; at--) {
    const read = reads[at]!;
    const named = read.ids.find(({ id }) => id === value);
    if (named) return { read, record: named, field: 'id', trust: 'system' };
    const found = read.fields.find(([, known]) => known === value);
    if (found) return { read, record: onlyRecordOf(read), field: found[0], trust: found[2] };
  }
  return undefined;
}

function onlyRecordOf({ system, type, id, version, at }: ReadSeen): RecordRead | undefined {
  return system && type && id && version && at ? { system, type, id, version, at } : undefined;
}

/**
 * Guarantee 4: each record a value was found in, at the newest version that held it; a later read of another record does not
 * take its place. Where it is not known which of several records it was, it rests on each.
 */
export function restsOn(args: JsonObject, { reads }: Pick<Known, 'reads'>): RecordRead[] {
  const rests = new Map<string, RecordRead>();
  const values = reads.length > 0 ? new Set(leaves(args).map(([, value]) => value)) : [];
  for (const value of values) {
    const held = new Map<string, RecordRead>();
    for (const { ids, fields } of reads) {
      const found = fields.some(([, known]) => known === value) ? ids : ids.filter(({ id }) => id === value);
      for (const one of found) held.set(recordKey(one), one);
    }
    for (const [key, one] of held) rests.set(`${key} ${one.version}`, one);
  }
  return [...rests.values()];
}

const recordKey = ({ system, type, id }: RecordRead) => JSON.stringify([system, type, id]);

/** More than a warrant can name: then some would not be looked at before a commit. */
export const restsOnTooMuch = (records: readonly RecordRead[]) => records.length > MAX_CONTEXT;

/** Tokens of sealed values in the arguments that this intent has neither said nor read. */
export const unknownTokens = (args: JsonObject, { tokens = [] }: Pick<AcceptedIntent, 'tokens'>): string[] =>
  tokensIn(args).filter((token) => !tokens.includes(token));

/** What a read was asked and what it answered. `trust`: whose words those are where no source says. */
interface Told {
  tool: string;
  arguments: JsonObject;
  result: Json;
  recordsRead: readonly RecordRead[];
  trust?: Trust | undefined;
}

/** Guarantee 5. */
function invented(intent: Known, { arguments: args, result, recordsRead }: Told): string[] {
  const made = leaves(args)
    .map(([, value]) => value)
    .filter((value) => originOf(value, intent).origin === 'model' && !isHintedAt(value, intent));
  if (made.length === 0) return [];
  const told = leaves(result).map(([, value]) => value);
  const namedByModel = recordsRead.filter(({ id }) => made.includes(id)).map(({ id }) => id);
  const back = namedByModel.length > 0 ? told : told.filter((value) => made.includes(value));
  return [...namedByModel, ...back.filter((value) => typeof value !== 'boolean').map(String)];
}

/** "Order 1001" means `ord_1001`. */
const isHintedAt = (value: Scalar, { text }: Known) =>
  typeof value === 'string' && /^[a-z]+[_-]./i.test(value) && standsIn(text, value.replace(/^[a-z]+[_-]/i, ''));

/** An intent, or a session, with what a read told it, bounded. */
export function withRead<T extends Known & Pick<AcceptedIntent, 'tokens'>>(
  intent: T,
  told: Told,
  sources: readonly Source[],
): T {
  const { tool, result, recordsRead } = told;
  const own = sources.filter((source) => source.tool === tool);
  const all = leaves(result).map(([path, value]) => ({ path, value, trust: trustOfField(path, own) ?? told.trust }));
  const fields = all
    .filter(({ path, value }) => isKept(path) && path.length <= MAX_FIELD && isKept(value))
    .slice(0, MAX_READ_FIELDS)
    .map(({ path, value, trust }): ReadSeen['fields'][number] => (trust ? [path, value, trust] : [path, value]));
  const [only, ...others] = recordsRead;
  const record = only && others.length === 0 ? only : undefined;
  const seen = { ids: recordsRead.slice(0, MAX_READ_FIELDS).map((one) => ({ ...one })), fields };
  const tokens = sealedTokensIn(result);
  const strange = all.flatMap(({ value, trust }) => (trust === 'untrusted' ? String(value) : []));
  if (told.trust === 'untrusted') strange.push(...namesIn(result));
  return {
    ...withStrangers(intent, [...strange, ...invented(intent, told)]),
    reads: [...intent.reads.slice(1 - MAX_READS), record ? { ...record, ...seen } : seen],
    ...(tokens.length ? { tokens: [...new Set([...(intent.tokens ?? []), ...tokens])].slice(-MAX_TOKENS) } : {}),
  };
}

/** Whose words a field holds: of several sources of a tool, the least trusted says so. A list's fields are declared once. */
function trustOfField(path: string, sources: readonly Source[]): Trust | undefined {
  const names = path.split('.').filter((name) => !/^\d+$/.test(name));
  const declared = sources.flatMap(({ fields }) => {
    for (let length = names.length; length > 0; length--) {
      const name = names.slice(0, length).join('.');
      if (Object.hasOwn(fields, name)) return fields[name]!;
    }
    return [];
  });
  return (['untrusted', 'user', 'system'] as const).find((trust) => declared.includes(trust));
}

/** An intent that has seen what strangers wrote. Of too many texts none is told apart any more. */
export function withStrangers<T extends Pick<AcceptedIntent, 'strangers' | 'strangersCut'>>(
  intent: T,
  texts: readonly string[],
): T {
  if (intent.strangersCut) return intent;
  const before = intent.strangers ?? '';
  const news = new Set<string>();
  let length = before.length;
  for (const text of texts) {
    const one = storable(cut(text, MAX_TEXT_KEPT + 1));
    if (one === '' || news.has(one) || before.includes(one)) continue;
    news.add(one);
    length += one.length + 1;
    if (length > MAX_TEXT_KEPT || news.size > MAX_STRANGE_TEXTS) break;
  }
  if (news.size === 0) return intent;
  const strangers = [...(before ? [before] : []), ...news].join('\n');
  if (strangers.length <= MAX_TEXT_KEPT && news.size <= MAX_STRANGE_TEXTS) return { ...intent, strangers };
  return { ...intent, strangers: cut(strangers, MAX_TEXT_KEPT), strangersCut: true };
}

const storable = (text: string) => text.toWellFormed().replaceAll('\u0000', '\ufffd');

/** Guarantee 6. */
function saidByUser(value: Scalar, { text, subjectId }: Pick<Known, 'text' | 'subjectId'>): boolean {
  if (value === subjectId) return true;
  if (!text || typeof value === 'boolean' || value === '') return false;
  const number = isOneNumber(String(value)) ? plainNumber(String(value)) : undefined;
  if (number === undefined) return isWordOf(text, String(value), JOINS);
  return numbersIn(text).some((word) => plainNumber(word) === number);
}

/** `007` is a name: as a number it would be that of 7. */
const isOneNumber = (text: string) => !/^0\d/.test(text);

/** What makes one word of two: the parts of an address, a path, a date. */
const JOINS = /[@./\\\-+:#%&=~]/;

/**
 * The numbers that stand by themselves, with a decimal point. One of thousands with a separator might be either, `1,000`, and so is none; a
 * date, a version or the digits in a name are none.
 */
function numbersIn(text: string): string[] {
  const found = text.matchAll(
    /(?<![\p{L}\p{N}_]|[\p{L}\p{N}_][@./\\\-+:#%&=~,])\d+(?:[.,]\d+)*(?![\p{N}_]|[@/\\\-+:#%&=~][\p{L}\p{N}_])/gu,
  );
  return [...found].flatMap(([number]) => {
    const [whole, fraction, ...more] = number.split(/[.,]/);
    if (more.length > 0 || fraction?.length === 3) return [];
    return [fraction === undefined ? whole! : `${whole}.${fraction}`];
  });
}

function standsIn(text: string | undefined, value: Scalar): boolean {
  if (!text || typeof value === 'boolean' || value === '') return false;
  const number = plainNumber(String(value));
  if (number === undefined) return isWordOf(text, String(value));
  return (text.match(/\d+(?:[.,]\d+)?/g) ?? []).some((word) => plainNumber(word.replace(',', '.')) === number);
}

/** As a word of its own: `ord_1` does not stand in `ord_100`; where these join words, nor in what they join it to. */
function isWordOf(text: string, literal: string, joins?: RegExp): boolean {
  const word = /[\p{L}\p{N}_]/u;
  const isJoined = (next: string, beyond: string) =>
    word.test(next) || (joins?.test(next) === true && word.test(beyond));
  for (let at = text.indexOf(literal); at !== -1; at = text.indexOf(literal, at + 1)) {
    const end = at + literal.length;
    if (!isJoined(text[at - 1] ?? '', text[at - 2] ?? '') && !isJoined(text[end] ?? '', text[end + 1] ?? ''))
      return true;
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

/** Scalars by dotted path; of a sealed value its token. */
function leaves(value: Json, path = ''): [string, Scalar][] {
  if (value === null) return [];
  if (typeof value !== 'object') return [[path, value]];
  if (isSealed(value)) return [[path, value.$sealed.token]];
  const entries = Array.isArray(value) ? value.map((item, at) => [String(at), item] as const) : Object.entries(value);
  return entries.flatMap(([name, item]) => leaves(item as Json, path ? `${path}.${name}` : name));
}

/** The names of fields: whoever writes an answer may write there too. */
function namesIn(value: Json): string[] {
  if (typeof value !== 'object' || value === null || isSealed(value)) return [];
  if (Array.isArray(value)) return value.flatMap(namesIn);
  return Object.entries(value).flatMap(([name, item]) => [name, ...namesIn(item as Json)]);
}

/** Short, and storable: what a target answers may hold anything. */
const isKept = (value: Scalar) =>
  typeof value !== 'string' ||
  (value !== '' && value.length <= MAX_VALUE && !value.includes('\u0000') && value.isWellFormed());
