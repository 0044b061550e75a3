import { isSealed, type Json, type RecordChanged } from '@countersign/contracts';
import { plainAmount } from './claims.js';
import type { KnownRecord, Proof, Seen } from './state.js';

const MAX_VALUES = 60;
const MAX_SEEN = 200;
const MAX_VALUE = 100;

/** What a commit did, by the executor's signed result. */
export function proofOf(result: Json, changes: readonly RecordChanged[], holds: boolean): Proof {
  const made = changes.flatMap(({ id, before, after }) => [id, ...newValues(before, after)]);
  const around = changes.flatMap(({ before, after }) => [...valuesOf(before), ...valuesOf(after)]);
  return { holds, own: bounded([...valuesOf(result), ...made]), around: bounded(around) };
}

function newValues(before: Json, after: Json): string[] {
  const was = new Map(leaves(before));
  return leaves(after).flatMap(([path, value]) => (was.get(path) === value ? [] : [value]));
}

const valuesOf = (value: Json) => leaves(value).map(([, leaf]) => leaf);
const bounded = (values: string[]) => [...new Set(values.map(plainAmount))].slice(0, MAX_VALUES);

/** With the leaves of a record's view; what a stranger wrote proves nothing. */
export const seenInView = (seen: readonly Seen[], view: KnownRecord['view']): Seen[] =>
  newest(
    seen,
    view
      .filter(({ trust }) => trust !== 'untrusted')
      .flatMap(({ path, value, id }): Seen[] => [['id', id], ...leaves(value, path).map((leaf): Seen => leaf)]),
  );

/** With the leaves of what a tool computed or read without a source: nobody said whose words these are, or that they are so. */
export const seenInResult = (seen: readonly Seen[], result: Json): Seen[] =>
  newest(
    seen,
    leaves(result).map(([path, value]): Seen => [path, value, true]),
  );

function newest(seen: readonly Seen[], more: Seen[]): Seen[] {
  const all = new Map([...seen, ...more].map((one) => [one.join('\n'), one]));
  return [...all.values()].slice(-MAX_SEEN);
}

/** Scalars by their paths, those that are short and not sealed. */
function leaves(value: Json, path = ''): [path: string, value: string][] {
  if (value === null || isSealed(value)) return [];
  if (typeof value !== 'object') {
    const text = plainAmount(String(value).toLowerCase());
    return text.length <= MAX_VALUE && path.length <= MAX_VALUE ? [[path, text]] : [];
  }
  return Object.entries(value).flatMap(([name, member]) => leaves(member as Json, path ? `${path}.${name}` : name));
}
