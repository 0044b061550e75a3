import { A_PERSON } from './mentions.js';
import { fieldsOf, resolved, typeOf, type Field, type Schema } from './schema.js';
import { meaningOf, meaningsIn, partsOf } from './words.js';
import type { ChatTool } from './wire.js';

/** A tool as its name, description and schema tell it: nothing is known of any tool beforehand. */
export interface KnownTool {
  name: string;
  kind: 'read' | 'preview' | 'write';
  /** `issue` of `issue_refund`. */
  verb: string;
  /** `refund` of `issue_refund`. */
  objects: string[];
  /** What its parameters may be, where they are chosen from a list. */
  options: string[];
  about: string[];
  fields: Field[];
}

const READS = /^(get|list|find|read|lookup|look|search|fetch|show|check|view|describe|count|query|retrieve)$/;
const PREVIEWS = /^(preview|compute|calculate|estimate|simulate|quote|dry|forecast)$/;
const SAYS_READ =
  /^\s*(read|get|list|look|find|fetch|show|search|retrieve|return)s?\b|read-only|changes nothing|without changing/i;
const PEOPLE = /^(member|user|person|people|employee|agent|colleague|assignee|staff)$/;
const NO_ID = new Set(['id', 'ids', 'number', 'no', 'ref', 'reference', 'key', 'code']);

export function knownTool({ name, description, parameters }: ChatTool): KnownTool {
  const parts = partsOf(name);
  const [verb = name, ...rest] = parts;
  const kind = parts.some((part) => PREVIEWS.test(part))
    ? 'preview'
    : READS.test(verb) || SAYS_READ.test(description)
      ? 'read'
      : 'write';
  const objects = rest.filter((part) => !PREVIEWS.test(part) && !/^(by|for|of|the|a)$/.test(part)).map(meaningOf);
  return {
    name,
    kind,
    verb: meaningOf(verb),
    objects,
    options: optionsOf(parameters as Schema),
    about: meaningsIn(description),
    fields: fieldsOf(parameters as Schema),
  };
}

const optionsOf = (parameters: Schema): string[] =>
  fieldsOf(parameters)
    .filter(({ name }) => !partsOf(name).includes('currency'))
    .flatMap(({ schema }) => resolved(schema).enum ?? [])
    .flatMap((option) => meaningsIn(partsOf(String(option)).join(' ')));

/** True for a parameter that takes a record's id. */
export function takesId({ name, schema }: Field): boolean {
  const parts = partsOf(name);
  const type = typeOf(resolved(schema));
  return (
    (type === 'string' || type === 'array') &&
    (/^ids?$/.test(parts.at(-1)!) || /(reference|ref|number|key)$/.test(parts.at(-1)!))
  );
}

/** Whether an id such as `ord_1001` may stand in this parameter: by the schema's pattern, else by the names. */
export function fits(id: string, prefix: string, field: Field, tool: KnownTool): boolean {
  const schema = resolved(field.schema);
  const { pattern, description = '' } = typeOf(schema) === 'array' ? resolved(schema.items ?? {}) : schema;
  if (pattern && !new RegExp(pattern).test(id)) return false;
  if (pattern?.toLowerCase().includes(prefix) || description.toLowerCase().includes(`${prefix}_`)) return true;
  const words = partsOf(field.name).filter((part) => !NO_ID.has(part));
  const names = words.length > 0 ? words : tool.objects;
  if (prefix === A_PERSON) return names.some((name) => PEOPLE.test(name));
  return names.length === 0 || names.some((name) => abbreviates(prefix, name));
}

/** `ord` of order, `tck` of ticket: the letters in order, and the first one the same. */
export function abbreviates(prefix: string, word: string): boolean {
  if (prefix[0] !== word[0]) return false;
  let at = 0;
  for (const letter of word) if (letter === prefix[at]) at += 1;
  return at === prefix.length;
}

/** The read tool whose own subject is this kind of record comes first: get_order for `ord_`. */
export const isAbout = (tool: KnownTool, prefix: string): boolean =>
  tool.objects.some((object) => abbreviates(prefix, object));
