import { jcs, withoutBoxes, type AnyEvent, type Json, type JsonObject, type RecordRead } from '@countersign/contracts';

/** A record as it was when it first came up. */
export interface RecordSeen {
  type: string;
  id: string;
  fields: JsonObject;
}

/** Somebody else changed it: between two events of the trace, by their positions. */
export interface RecordMoved extends RecordSeen {
  after: number;
  before: number;
}

interface Known {
  /** Its own first fields, if it was there from the start. */
  given: JsonObject | undefined;
  now: JsonObject;
  at: number;
}

/**
 * What the records of a trace held, from what was read of them and what its own commits changed; and what others changed meanwhile.
 * `unknown`: records it speaks of and tells no field of.
 */
export function recordsOf(events: readonly AnyEvent[]): {
  given: RecordSeen[];
  moved: RecordMoved[];
  unknown: string[];
} {
  const known = new Map<string, Known>();
  const moved: RecordMoved[] = [];
  const named = new Set<string>();
  const see = ({ type, id, fields }: RecordSeen, at: number) => {
    const key = `${type}/${id}`;
    const before = known.get(key);
    if (!before) return void known.set(key, { given: { ...fields }, now: fields, at });
    const other = Object.entries(fields).filter(
      ([name, value]) => Object.hasOwn(before.now, name) && !same(before.now[name]!, value),
    );
    if (other.length > 0) moved.push({ type, id, fields: Object.fromEntries(other), after: before.at, before: at });
    for (const [name, value] of Object.entries(fields))
      if (before.given && !Object.hasOwn(before.now, name)) before.given[name] = value;
    known.set(key, { ...before, now: { ...before.now, ...fields }, at });
  };
  for (const [at, { type, data }] of events.entries()) {
    if ('recordsRead' in data) for (const read of data.recordsRead ?? []) named.add(`${read.type}/${read.id}`);
    if (type === 'countersign.action.read.v1') for (const one of recordsIn(data.result, data.recordsRead)) see(one, at);
    if (type !== 'countersign.action.committed.v1' && type !== 'countersign.action.resolved.v1') continue;
    for (const { type: kind, id, before, after } of data.recordsChanged) {
      const key = `${kind}/${id}`;
      if (isObject(before)) see({ type: kind, id, fields: fieldsOf(before) }, at);
      const { given, now = {} } = known.get(key) ?? { given: undefined };
      known.set(key, { given, now: isObject(after) ? { ...now, ...fieldsOf(after) } : now, at });
    }
  }
  const given = [...known].flatMap(([key, { given: fields }]) => (fields ? [{ ...nameOf(key), fields }] : []));
  return { given, moved, unknown: [...named].filter((key) => !known.has(key) && !isList(key, known)) };
}

/** The records a read gave: one whole, or those of a list that is read as one record. What was only computed of them is none. */
function recordsIn(result: Json, reads: readonly RecordRead[]): RecordSeen[] {
  if (!isObject(result)) return [];
  return reads.flatMap(({ type, id }): RecordSeen[] => {
    if (result['id'] === id) return [{ type, id, fields: fieldsOf(result) }];
    const members = result[type];
    if (!Array.isArray(members)) return [];
    const common = Object.fromEntries(Object.entries(result).filter(([, value]) => typeof value === 'string'));
    return members.filter(isObject).flatMap((member) => {
      const own = member['id'];
      const fields = { ...common, ...fieldsOf(member) };
      return typeof own === 'string' ? [{ type: type.replace(/s$/, ''), id: own, fields }] : [];
    });
  });
}

/** Id and version are no fields of it: a new version is what a change makes. */
const fieldsOf = ({ id: _, version: __, ...fields }: JsonObject): JsonObject => fields;
const nameOf = (key: string) => ({ type: key.slice(0, key.indexOf('/')), id: key.slice(key.indexOf('/') + 1) });
/** `subscriptions/cus_1` names records that are known one by one. */
const isList = (key: string, known: ReadonlyMap<string, unknown>) =>
  [...known.keys()].some((one) => nameOf(key).type === `${nameOf(one).type}s`);

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const same = (a: Json, b: Json) => jcs(withoutBoxes(a)) === jcs(withoutBoxes(b));
