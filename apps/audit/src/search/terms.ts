/*
 * What a trace is found by: terms, each a field and a value that a record of the trace says.
 *
 *  1  A term is one string, compared for equality and nothing else: under row-level security no other comparison may use an index
 *     before a row is known to be the caller's (`@>`, `like` and `@@` are not leakproof).
 *  2  Only what its signature proves is found by: a stranger can put no term into anybody's trace.
 *  3  Nothing that is said makes the insert fail or grow without bound: what is longer than a search can ask for is no term, and of
 *     one record's words the first 200 are.
 *  4  A code that auditors alone are told is a term of its own, which nobody else's search asks for.
 */
import { UNVERIFIED } from '@countersign/contracts';
import { SYSTEM, type StoredRecord } from '@countersign/evidence';

const LONGEST = 200;
const WORDS_OF_A_RECORD = 200;

export type Field = 'tool' | 'rule' | 'code' | 'audit-code' | 'outcome' | 'record' | 'trace' | 'word';
export const termOf = (field: Field, value: string) => `${field}:${value}`;

export function termsOf(row: StoredRecord): string[] {
  if (row.signature !== 'valid') return [];
  const terms = new Set<string>();
  const add = (field: Field, value: string | null) => {
    if (value !== null && value.length <= LONGEST) terms.add(termOf(field, value));
  };
  add('tool', row.tool);
  add('code', row.code);
  add('audit-code', row.auditCode);
  // That something was proposed every trace says.
  if (row.topic !== 'proposals') add('outcome', row.outcome);
  add('trace', row.traceId);
  for (const rule of row.rules) add('rule', rule);
  for (const record of row.about) add('record', record);
  for (const word of saidIn(row)) add('word', word);
  return [...terms];
}

const BEGINNINGS: readonly string[] = ['countersign.intent.accepted.v1', 'countersign.intent.refused.v1'];
/** Whether policy says here that an intent is one: where its trace begins. */
export const begins = ({ type, signature }: StoredRecord) =>
  signature === 'valid' && type !== null && BEGINNINGS.includes(type);

const ID = /^\S{1,200}$/;
/** Whose people may find a trace by a record, if anybody's: what nobody vouches for is theirs whose it claims to be. */
export function findersOf({ tenant, claimedTenant, intent }: StoredRecord): string | undefined {
  const finders = tenant === UNVERIFIED ? claimedTenant : tenant;
  const isNobodys = ['', UNVERIFIED, SYSTEM].includes(finders);
  return isNobodys || intent === null || !ID.test(intent) || finders.length > LONGEST ? undefined : finders;
}

/** The words of a text as a search compares them: letters, digits and underscores in a row, in lower case. */
export const wordsOf = (text: string): string[] =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}_]+/gu) ?? [];

/** Under these names events carry what a person, the model or a target said. */
const SAYS = /"(?:text|reason|rationale|detail)":"(?:[^"\\]|\\.)*"/g;

function saidIn({ type, value }: StoredRecord): string[] {
  // A prompt repeats what the other records say, and the same instructions in every trace.
  if (value === null || type === 'countersign.model.called.v1') return [];
  const words = new Set<string>();
  for (const [pair] of value.matchAll(SAYS)) {
    const text = pair.slice(pair.indexOf(':') + 1);
    for (const word of wordsOf(text.includes('\\') ? (JSON.parse(text) as string) : text))
      if (words.add(word).size === WORDS_OF_A_RECORD) return [...words];
  }
  return [...words];
}
