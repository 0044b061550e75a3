/*
 * What a model is shown of a read.
 *
 *  1  Only fields the source declares; whatever else the target answered is not in a view.
 *  2  Each field carries the record it stands in, that record's version and read time, and whose words it holds. A field that
 *     belongs to no record the read names is not shown.
 *  3  What is sealed stays sealed, and its ciphertext stays behind: a model gets the token alone.
 */
import { withoutBoxes, type Json, type RecordRead } from '@countersign/contracts';
import { fieldsFor, type Source, type Trust } from './source.js';

export interface ShownField extends RecordRead {
  /** As the source declares it. */
  field: string;
  /** Its place in the result: `field` with the places in lists. */
  path: string;
  /** The place of its record in the result; empty if that is the whole of it. */
  root: string;
  value: Json;
  trust: Trust;
}

export interface Read {
  result: Json;
  recordsRead: readonly RecordRead[];
}

/**
 * The declared fields of a read's result, each with where it comes from. A field belongs to the record whose `id` stands beside
 * or above it, else to the one record of the source's type that was read.
 *
 * @example
 * viewOf(orders, { result: { id: 'ord_1', status: 'open', secret: 'x' }, recordsRead: [{ system: 'helpdesk', type: 'order', id: 'ord_1', version: '3', at }] });
 * // [{ field: 'status', path: 'status', root: '', value: 'open', trust: 'system', system: 'helpdesk', type: 'order', id: 'ord_1', version: '3', at }]
 */
export function viewOf(source: Source, { result, recordsRead }: Read): ShownField[] {
  const ofType = recordsRead.filter(({ type }) => type === source.record);
  const only = ofType.length === 1 ? { record: ofType[0]!, root: '' } : undefined;
  const shown: ShownField[] = [];
  const walk = (value: Json, field: string, path: string, owner: Owner | undefined): void => {
    const trust = Object.hasOwn(source.fields, field) ? source.fields[field] : undefined;
    const record = named(value, recordsRead);
    const from = record ? { record, root: path } : owner;
    if (trust) {
      if (from) shown.push({ field, path, root: from.root, value: withoutBoxes(value), trust, ...from.record });
      return;
    }
    for (const [name, place, member] of membersOf(value))
      walk(member, join(field, name), join(path, name ?? place), from);
  };
  walk(result, '', '', only);
  return shown;
}

interface Owner {
  record: RecordRead;
  root: string;
}

/** The same view with the fields of the step at hand alone. */
export function narrowed(source: Source, view: readonly ShownField[], open: readonly string[]): ShownField[] {
  const fields = fieldsFor(source, open);
  return view.filter(({ field }) => fields.has(field));
}

type Member = [name: string | undefined, place: string, value: Json];

/** A list's places are not part of a declared path. */
function membersOf(value: Json): Member[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.map((member, place): Member => [undefined, String(place), member]);
  return Object.entries(value).map(([name, member]): Member => [name, name, member!]);
}

function named(value: Json, records: readonly RecordRead[]): RecordRead | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const id = Object.hasOwn(value, 'id') ? value['id'] : undefined;
  return records.find((record) => record.id === id);
}

const join = (path: string, name: string | undefined) =>
  name === undefined ? path : path === '' ? name : `${path}.${name}`;
