import { Poison, parseStrictJson } from './strict-json.js';
import { EVENTS, type EventData, type EventType } from './events/catalog.js';
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
  ? Omit<CloudEvent<T>, 'source'> & { traceparent?: string }
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
  /** Detached JWS over `text`, from the extension attribute `signature`; undefined where nobody signed. */
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

/** Reads a record into its event. Throws `Poison` for what can never be read by this version. */
export function decodeRecord(record: RawRecord): Incoming {
  const headers = singleHeaders(record.headers);
  const key = record.key?.toString('utf8') ?? '';
  if (record.topic === 'control') return decodeControl(record, headers, key);
  if (!record.value) throw new Poison('NOT_AN_EVENT', 'the record has no value');
  const { text, value } = parseStrictJson(record.value);
  const structured = headers['content-type']?.startsWith(STRUCTURED) ?? false;
  if (structured && record.topic !== 'intents')
    throw new Poison('NOT_AN_EVENT', 'structured mode is read on intents and control only');
  const attributes = structured ? structuredAttributes(value) : headerAttributes(headers);
  const data = structured ? (value as Record<string, unknown>)['data'] : value;
  return {
    record,
    key,
    event: toEvent(record.topic, attributes, data),
    text,
    headers: plainHeaders(headers),
    signature: headers['ce_signature'],
  };
}

function toEvent(topic: Topic, attributes: Partial<Record<string, string>>, data: unknown): AnyEvent {
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
    throw new Poison('INVALID_DATA', issues.join('; ').slice(0, 500));
  }
  const event = { data: parsed.data, type } as Record<string, unknown>;
  for (const attribute of ATTRIBUTES) event[attribute] = attributes[attribute] ?? '';
  return event as unknown as AnyEvent;
}

function decodeControl(record: RawRecord, headers: Record<string, string>, key: string): Incoming {
  const parsed = record.value ? parseStrictJson(record.value) : { text: '', value: null };
  const { text } = parsed;
  let { value } = parsed;
  let attributes: Partial<Record<string, string>> = headerAttributes(headers);
  if (headers['content-type']?.startsWith(STRUCTURED)) {
    attributes = structuredAttributes(value);
    value = (value as Record<string, unknown>)['data'] ?? null;
  }
  const id = attributes['id'] || `${record.partition}/${record.offset}`;
  const source = attributes['source'] || '/unknown';
  if (!key) throw new Poison('NOT_AN_EVENT', 'a control record needs its scope as key');
  const control = { ...attributes, id, source, type: 'countersign.control.set.v1' };
  const event = toEvent('control', control, { scope: key, value });
  return { record, key, event, text, headers: plainHeaders(headers), signature: headers['ce_signature'] };
}

/** Header names are case-insensitive; one that stands twice is refused, since two readers may take different ones. */
function singleHeaders(headers: Record<string, HeaderValue>): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || value === null) continue;
    const lower = name.toLowerCase();
    if (Array.isArray(value) || Object.hasOwn(single, lower))
      throw new Poison('NOT_AN_EVENT', `the header ${lower.slice(0, 80)} stands more than once`);
    single[lower] = typeof value === 'string' ? value : value.toString('utf8');
  }
  return single;
}

function headerAttributes(headers: Record<string, string>): Partial<Record<string, string>> {
  const attributes: Partial<Record<string, string>> = {};
  for (const name of ATTRIBUTES) attributes[name] = checkedAttribute(name, headers[`ce_${name}`]);
  return attributes;
}

function structuredAttributes(value: unknown): Partial<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Poison('NOT_AN_EVENT', 'a structured event is a JSON object');
  const attributes: Partial<Record<string, string>> = {};
  for (const name of ATTRIBUTES) {
    const given = (value as Record<string, unknown>)[name];
    if (given !== undefined && typeof given !== 'string')
      throw new Poison('NOT_AN_EVENT', `the attribute ${name} is not a string`);
    attributes[name] = checkedAttribute(name, given);
  }
  return attributes;
}

const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/;

function checkedAttribute(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (value.length > 300 || CONTROL_CHARACTERS.test(value))
    throw new Poison('NOT_AN_EVENT', `the attribute ${name} is over 300 characters or holds control characters`);
  return value;
}

function plainHeaders(headers: Record<string, string>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (!name.startsWith('ce_') && name !== 'content-type') plain[name] = value;
  return plain;
}

/** The partition key of an event: its session, or on the side topics its subject. */
export function keyOf(draft: Pick<CloudEvent, 'type' | 'tenantid' | 'session' | 'subject'>): string {
  const { topic } = EVENTS[draft.type];
  if (topic === 'control' || topic === 'control-acks' || topic === 'audit') return draft.subject;
  return `${draft.tenantid}/${draft.session}`;
}

/**
 * Writes an event in binary mode. `value` is the data as text (canonical where it will be signed) and `signature` the
 * detached JWS over it.
 */
export function encodeEvent(source: string, draft: EventDraft, value: string, signature?: string): OutRecord {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_source: source,
  };
  for (const name of ATTRIBUTES) {
    if (name !== 'source' && draft[name]) headers[`ce_${name}`] = draft[name];
  }
  if (draft.traceparent) headers['traceparent'] = draft.traceparent;
  if (signature) headers['ce_signature'] = signature;
  return { topic: EVENTS[draft.type].topic, key: keyOf(draft), value, headers };
}
