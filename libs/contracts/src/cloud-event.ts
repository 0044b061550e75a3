import { Poison, parseStrictJson } from './strict-json.js';
import { EVENTS, type EventData, type EventType } from './events/catalog.js';
import { cut } from './payload.js';
import { topicName, type Topic } from './topics.js';

/**
 * CloudEvents 1.0 over the Kafka protocol binding. Binary mode is written; `intents` and `control` also take structured
 * mode, and `control` a bare JSON value.
 */
export interface CloudEvent<T extends EventType = EventType> {
  id: string;
  source: string;
  type: T;
  /** RFC 3339; a product may leave it out. */
  time: string;
  subject: string;
  tenantid: string;
  actorid: string;
  session: string;
  correlationid: string;
  causationid: string;
  data: EventData<T>;
}

/** One event of any type, told apart by `type`. */
export type AnyEvent = { [T in EventType]: CloudEvent<T> }[EventType];
/** An event before its service stamps `source` on it. */
export type EventDraft<T extends EventType = EventType> = T extends EventType
  ? Omit<CloudEvent<T>, 'source'> & {
      traceparent?: string;
      /** A token, for the header of that name: never part of the event. */
      authorization?: string;
    }
  : never;

export type HeaderValue = Buffer | string | (Buffer | string)[] | undefined;

/** A record as a broker hands it over. `timestamp` is the broker's append time in ms. */
export interface RawRecord {
  topic: Topic;
  partition: number;
  offset: bigint;
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, HeaderValue>;
}

/** A record whose event was read. `text` is the value as it stood: what a signature covers. */
export interface Incoming<E extends AnyEvent = AnyEvent> {
  record: RawRecord;
  key: string;
  event: E;
  text: string;
  /** Single-valued headers that are not CloudEvents attributes: `authorization`, `traceparent`. */
  headers: Record<string, string>;
  /** Proves who wrote `text`, from the extension attribute `signature`; undefined where nobody signed. */
  signature: string | undefined;
}

/** A record to publish. */
export interface OutRecord {
  topic: Topic;
  key: string;
  value: string;
  headers: Record<string, string>;
}

const ATTRIBUTES = [
  'id',
  'source',
  'type',
  'time',
  'subject',
  'tenantid',
  'actorid',
  'session',
  'correlationid',
  'causationid',
] as const;
const STRUCTURED = 'application/cloudevents+json';

/** A place in a W3C trace, of any version that has this form: https://www.w3.org/TR/trace-context/ */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The trace that a `traceparent` names; undefined for what names none. */
export const traceIdOf = (traceparent: string | undefined): string | undefined =>
  traceparent === undefined ? undefined : TRACEPARENT.exec(traceparent)?.[1];

/** Reads a record into its event. Throws `Poison` for what can never be read by this version. */
export function decodeRecord(record: RawRecord): Incoming {
  const headers = readHeaders(record.headers);
  const key = record.key?.toString('utf8') ?? '';
  if (record.topic === 'control') return decodeControl(record, headers, key);
  if (!record.value) throw new Poison('NOT_AN_EVENT', 'the record has no value');
  const { text, value } = parseStrictJson(record.value);
  const { structured, plain, signature } = headers;
  if (structured && record.topic !== 'intents')
    throw new Poison('NOT_AN_EVENT', 'structured mode is read on intents and control only');
  const attributes = structured ? structuredAttributes(value) : headerAttributes(headers);
  const data = structured ? (value as Record<string, unknown>)['data'] : value;
  return { record, key, event: toEvent(record.topic, attributes, data), text, headers: plain, signature };
}

/** What is kept of a record that was read before: its texts, headers by their names in lower case. */
export interface KeptRecord extends Pick<RawRecord, 'topic' | 'partition'> {
  offset: bigint | string;
  key: string;
  value: string | null;
  headers: Record<string, string>;
}

/**
 * The event of a record that was read before, by what is kept of it: its bytes, headers and attributes were looked at when it came and
 * are not again. Throws `Poison` if this version can no longer read it.
 */
export function decodeKept(record: KeptRecord): AnyEvent {
  const { topic, headers } = record;
  const value: unknown = record.value ? JSON.parse(record.value) : null;
  const isWrapped = headers['content-type'] !== undefined && isStructured(headers['content-type']);
  const attributes = isWrapped ? structuredAttributes(value) : keptAttributes(headers);
  const data = isWrapped ? (value as Record<string, unknown>)['data'] : value;
  return topic === 'control' ? controlEvent(record, attributes, data ?? null) : toEvent(topic, attributes, data);
}

const KEPT = ATTRIBUTES.map((name) => [name, `ce_${name}`] as const);
function keptAttributes(headers: Record<string, string>): Attributes {
  const attributes: Attributes = {};
  for (const [name, header] of KEPT) attributes[name] = headers[header];
  return attributes;
}

function toEvent(topic: Topic, attributes: Attributes, data: unknown): AnyEvent {
  const { id, source, type } = attributes;
  if (!id || !source || !type) throw new Poison('NOT_AN_EVENT', 'a CloudEvent needs id, source and type');
  const spec = Object.hasOwn(EVENTS, type) ? EVENTS[type as EventType] : undefined;
  if (!spec) throw new Poison('UNKNOWN_TYPE', `this version does not know ${type.slice(0, 120)}`);
  if (spec.topic !== topic) throw new Poison('WRONG_TOPIC', `${type} does not belong on ${topicName(topic)}`);
  const parsed = spec.data.safeParse(data);
  if (!parsed.success) {
    const issues = parsed.error.issues
      .slice(0, 5)
      .map((issue) => `${issue.path.join('.') || 'data'}: ${issue.message}`);
    throw new Poison('INVALID_DATA', cut(issues.join('; '), 500));
  }
  const event = { data: parsed.data, type } as Record<string, unknown>;
  for (const attribute of ATTRIBUTES) event[attribute] = attributes[attribute] ?? '';
  return event as unknown as AnyEvent;
}

function decodeControl(record: RawRecord, headers: Headers, key: string): Incoming {
  const { text, value } = record.value ? parseStrictJson(record.value) : { text: '', value: null };
  const { structured, plain, signature } = headers;
  const attributes = structured ? structuredAttributes(value) : headerAttributes(headers);
  const data = structured ? ((value as Record<string, unknown>)['data'] ?? null) : value;
  const event = controlEvent({ ...record, key }, attributes, data);
  return { record, key, event, text, headers: plain, signature };
}

function controlEvent(
  { partition, offset, key }: Pick<KeptRecord, 'partition' | 'offset' | 'key'>,
  attributes: Attributes,
  value: unknown,
): AnyEvent {
  if (!key) throw new Poison('NOT_AN_EVENT', 'a control record needs its scope as key');
  const id = attributes['id'] || `${partition}/${offset}`;
  const source = attributes['source'] || '/unknown';
  const type = 'countersign.control.set.v1';
  return toEvent('control', { ...attributes, id, source, type }, { scope: key, value });
}

type Attributes = Partial<Record<string, string>>;

interface Headers {
  /** By name without `ce_`. */
  attributes: Attributes;
  /** All that are no CloudEvents attributes. */
  plain: Record<string, string>;
  structured: boolean;
  signature: string | undefined;
}

/** Header names are case-insensitive; one that stands twice is refused, since two readers may take different ones. */
function readHeaders(headers: Record<string, HeaderValue>): Headers {
  const attributes: Attributes = {};
  const plain: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || value === null) continue;
    const lower = name.toLowerCase();
    const isAttribute = lower.startsWith('ce_');
    const into = isAttribute ? attributes : plain;
    const as = isAttribute ? lower.slice(3) : lower;
    if (Array.isArray(value) || Object.hasOwn(into, as))
      throw new Poison('NOT_AN_EVENT', `the header ${lower.slice(0, 80)} stands more than once`);
    into[as] = typeof value === 'string' ? value : value.toString('utf8');
  }
  const { 'content-type': contentType, traceparent, ...rest } = plain;
  // It is copied to all that the event causes: anything else than a trace's place is dropped, whatever its length.
  if (traceparent !== undefined && traceIdOf(traceparent) !== undefined) rest['traceparent'] = traceparent;
  const structured = contentType !== undefined && isStructured(contentType);
  return { attributes, plain: rest, structured, signature: attributes['signature'] };
}

const isStructured = (contentType: string) => contentType.toLowerCase().startsWith(STRUCTURED);

function headerAttributes({ attributes }: Headers): Attributes {
  for (const name of ATTRIBUTES) checkAttribute(name, attributes[name]);
  return attributes;
}

function structuredAttributes(value: unknown): Attributes {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Poison('NOT_AN_EVENT', 'a structured event is a JSON object');
  const attributes: Attributes = {};
  for (const name of ATTRIBUTES) {
    // CloudEvents 1.0, JSON format, 2.2: an attribute that is null counts as absent.
    const given = (value as Record<string, unknown>)[name] ?? undefined;
    if (given !== undefined && typeof given !== 'string')
      throw new Poison('NOT_AN_EVENT', `the attribute ${name} is not a string`);
    checkAttribute(name, given);
    attributes[name] = given;
  }
  return attributes;
}

const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/;

function checkAttribute(name: string, value: string | undefined): void {
  if (value === undefined) return;
  if (value.length > 300 || CONTROL_CHARACTERS.test(value))
    throw new Poison('NOT_AN_EVENT', `the attribute ${name} is over 300 characters or holds control characters`);
}

/** The partition key of an event: its session, or on the side topics its subject. */
export function keyOf(draft: Pick<CloudEvent, 'type' | 'tenantid' | 'session' | 'subject'>): string {
  const { topic } = EVENTS[draft.type];
  if (topic === 'control' || topic === 'control-acks' || topic === 'audit') return draft.subject;
  return `${draft.tenantid}/${draft.session}`;
}

/**
 * Writes an event in binary mode. `value` is the data as text (canonical where it will be signed).
 */
export function encodeEvent(source: string, draft: EventDraft, value: string): OutRecord {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_source: source,
  };
  for (const name of ATTRIBUTES) {
    if (name !== 'source' && draft[name]) headers[`ce_${name}`] = draft[name];
  }
  if (draft.traceparent) headers['traceparent'] = draft.traceparent;
  if (draft.authorization) headers['authorization'] = draft.authorization;
  return { topic: EVENTS[draft.type].topic, key: keyOf(draft), value, headers };
}
