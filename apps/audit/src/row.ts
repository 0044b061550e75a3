/*
 * A record of the log as a row of the trace store.
 *
 *  1  Whatever a record holds becomes a row: nothing a stranger writes makes the insert fail.
 *  2  No person's bearer token is in any column: neither where it belongs nor where somebody laid it by mistake. The bytes of what cannot
 *     be read are with the parked records, encrypted, and without it too.
 *  3  A tenant is taken from a valid signature of the topic's owner. All else is filed as `unverified`, with the tenant it claims
 *     beside it.
 *  4  Of what a person asked for, known shapes of personal data are masked: this store outlives the topic, and what policy accepted
 *     stands in it sealed.
 */
import {
  intentIdOf,
  UNVERIFIED,
  type AnyEvent,
  type HeaderValue,
  type Incoming,
  type JsonObject,
  type RawRecord,
  type Topic,
} from '@countersign/contracts';
import { SYSTEM, type SignatureState, type StoredRecord } from '@countersign/evidence';
import type { Read } from '@countersign/messaging';
import { maskWords } from '@countersign/sealing';
import { checkSignature, type KeyRing } from '@countersign/signing';

export interface RowParts {
  ring: KeyRing;
}

export function rowOf({ record, incoming, poison }: Read, parts: RowParts): StoredRecord {
  const key = clean(record.key?.toString('utf8') ?? '');
  const headers = storedHeaders(record.headers);
  const place = {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset.toString(),
    appendedAt: new Date(record.timestamp),
    key,
    claimedTenant: claimedIn(record.topic, key),
    headers: JSON.stringify(headers),
  };
  if (incoming) return { ...place, ...readable(incoming, parts.ring, place.claimedTenant) };
  return { ...place, ...unreadable(headers, poison) };
}

function readable(
  incoming: Incoming,
  ring: KeyRing,
  claimed: string,
): Omit<StoredRecord, Exclude<keyof Place, 'claimedTenant'>> {
  const { event, text } = shownPart(incoming);
  const { signature, flaw } = signatureOf(incoming, ring);
  const facets = facetsOf(event);
  return {
    ...attributesOf(event),
    ...facets,
    claimedTenant: claimedBy(event) ?? claimed,
    intent: facets.intent ?? intentOf(event, claimed),
    tenant: tenantOf(incoming.record.topic, signature, claimed),
    value: incoming.record.value ? clean(text) : null,
    signature,
    flaw,
    poisonReason: null,
    poisonDetail: null,
  };
}

/** A token that somebody laid into a value of the control topic, where all a record says is kept. */
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g;

function shownPart(incoming: Incoming): Pick<Incoming, 'event' | 'text'> {
  if (incoming.record.topic === 'intents') return masked(incoming);
  if (incoming.record.topic !== 'control') return incoming;
  return { event: incoming.event, text: incoming.text.replace(TOKEN, 'a token, left out') };
}

/** The key of what concerns switches and stages is a scope, and no tenant's. */
const claimedIn = (topic: Topic, key: string) =>
  topic === 'control' || topic === 'control-acks' || topic === 'audit' ? '' : (key.split('/')[0] ?? '');

/** Guarantee 4. In structured mode the data stand in an envelope, whose ids stay as they are. */
function masked({ event, text }: Incoming): Pick<Incoming, 'event' | 'text'> {
  const data = maskWords(event.data as JsonObject);
  if (JSON.stringify(data) === JSON.stringify(event.data)) return { event, text };
  const whole = JSON.parse(text) as JsonObject;
  const shown = 'specversion' in whole ? { ...whole, data } : data;
  return { event: { ...event, data } as AnyEvent, text: JSON.stringify(shown) };
}

type Place = Pick<StoredRecord, 'topic' | 'partition' | 'offset' | 'appendedAt' | 'key' | 'claimedTenant' | 'headers'>;

/** Attributes of what cannot be read are what its headers claim; they let a trace show it as unreadable. */
function unreadable(headers: Record<string, string>, poison: Read['poison']): Omit<StoredRecord, keyof Place> {
  const claim = (name: string) => headers[`ce_${name}`]?.slice(0, 300) || null;
  return {
    id: claim('id'),
    type: claim('type'),
    source: claim('source'),
    subject: claim('subject'),
    tenant: UNVERIFIED,
    actor: claim('actorid'),
    session: claim('session'),
    intent: claim('correlationid'),
    action: null,
    causation: claim('causationid'),
    tool: null,
    code: null,
    auditCode: null,
    outcome: null,
    rules: [],
    about: [],
    value: null,
    signature: 'not-required',
    flaw: null,
    poisonReason: poison?.reason ?? 'UNREADABLE',
    poisonDetail: clean(poison?.detail ?? ''),
  };
}

const SIGNERS: Partial<Record<Topic, string>> = {
  proposals: 'planner',
  decisions: 'policy',
  approvals: 'approval',
  results: 'executor',
  replies: 'planner',
  audit: 'audit',
};

/** Who must have signed what stands on a topic; acknowledgements are signed by the service they name. */
function signerOf({ record, event }: Incoming): string | undefined {
  if (record.topic !== 'control-acks') return SIGNERS[record.topic];
  return event.source === '/services/executor' ? 'executor' : 'policy';
}

function signatureOf(incoming: Incoming, ring: KeyRing): { signature: SignatureState; flaw: string | null } {
  const signer = signerOf(incoming);
  if (!signer) return { signature: 'not-required', flaw: null };
  const check = checkSignature(ring, signer, incoming);
  if (check.ok) return { signature: 'valid', flaw: null };
  return { signature: incoming.signature ? 'invalid' : 'absent', flaw: clean(check.because) };
}

/** The key is under the signature, so its tenant is what the signer says. */
function tenantOf(topic: Topic, signature: SignatureState, claimed: string): string {
  if (topic === 'audit') return SYSTEM;
  if (signature !== 'valid') return UNVERIFIED;
  return topic === 'control-acks' ? SYSTEM : claimed || UNVERIFIED;
}

/** A refusal of what nobody vouches for is filed apart; it says whose it claimed to be. */
function claimedBy(event: AnyEvent): string | undefined {
  if (event.type !== 'countersign.intent.refused.v1') return undefined;
  const { key, tenant } = event.data.claimed;
  return clean(key?.split('/')[0] || tenant || '');
}

const attributesOf = (event: AnyEvent) => ({
  id: clean(event.id),
  type: event.type,
  source: clean(event.source),
  subject: orNull(event.subject),
  actor: orNull(event.actorid),
  session: orNull(event.session),
  causation: orNull(event.causationid),
});

/** A raw intent is filed under the id it gets if the tenant it claims proves to be its own. */
function intentOf(event: AnyEvent, claimed: string): string | null {
  if (event.type === 'countersign.intent.requested.v1' || event.type === 'countersign.action.requested.v1') {
    return intentIdOf(claimed, event.source, event.id);
  }
  return orNull(event.correlationid);
}

type Facets = Pick<StoredRecord, 'intent' | 'action' | 'tool' | 'code' | 'auditCode' | 'outcome' | 'rules' | 'about'>;

/** What a trace is searched by. Read by shape: every event that has such a field means the same by it. */
function facetsOf({ type, data: given }: AnyEvent): Facets {
  const data = given as Record<string, unknown>;
  const call = (data['action'] ?? data) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? orNull(value) : null);
  return {
    intent: text(data['intentId']),
    action: text(call['actionId']),
    tool: text(call['tool']),
    code: text(data['code']),
    auditCode: text(data['auditCode']),
    outcome: text(data['outcome']) ?? type.split('.').at(-2) ?? null,
    rules: names(data['rules'], 'rule'),
    about: [
      ...new Set([
        ...names(data['recordsRead'], 'id'),
        ...names(data['recordsChanged'], 'id'),
        ...names(data['context'], 'id'),
        ...names((data['done'] as { checked?: unknown } | undefined)?.checked, 'id'),
        ...names([data['subject']], 'id'),
        ...shortTexts(call['arguments']),
      ]),
    ],
  };
}

function names(list: unknown, field: string): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((each: Record<string, unknown> | null | undefined) =>
    typeof each?.[field] === 'string' ? [clean(each[field])] : [],
  );
}

/** Arguments that may be ids: one word, not long. */
function shortTexts(args: unknown): string[] {
  if (typeof args !== 'object' || args === null) return [];
  return Object.values(args).flatMap((value) =>
    typeof value === 'string' && /^\S{1,64}$/.test(value) ? [clean(value)] : [],
  );
}

const isToken = (name: string) => name.toLowerCase() === 'authorization';

function storedHeaders(headers: RawRecord['headers']): Record<string, string> {
  const stored: Record<string, string> = {};
  for (const name of Object.keys(headers))
    if (!isToken(name)) stored[clean(name.toLowerCase())] = headerText(headers[name]);
  return stored;
}

const headerText = (value: HeaderValue): string =>
  clean(Array.isArray(value) ? value.map(String).join(', ') : String(value ?? ''));

/** PostgreSQL's text takes every character but this one. */
const clean = (text: string) => (text.includes('\u0000') ? text.replaceAll('\u0000', '\ufffd') : text);
const orNull = (text: string) => clean(text) || null;
