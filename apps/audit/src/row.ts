/*
 * A record of the log as a row of the trace store.
 *
 *  1  Whatever a record holds becomes a row: nothing a stranger writes makes the insert fail.
 *  2  No person's bearer token is in any column: neither where it belongs nor where somebody laid it by mistake. The bytes of what cannot
 *     be read are with the parked records, encrypted, and without it too.
 *  3  A tenant is taken from a valid signature of the topic's owner. All else is filed as `unverified`, with the tenant it claims
 *     beside it.
 *  4  Of what no signature vouches for (what a person asks for, what a stranger writes), known shapes of personal data are masked in every
 *     column: key, headers and their names, ids, value, reasons. This store outlives the topic, and what policy accepted stands in it
 *     sealed. Ids derived from the masked ones are those of what was written.
 */
import {
  intentIdOf,
  traceIdOf,
  UNVERIFIED,
  type AnyEvent,
  type HeaderValue,
  type Incoming,
  type RawRecord,
  type Topic,
} from '@countersign/contracts';
import { SYSTEM, type SignatureState, type StoredRecord } from '@countersign/evidence';
import type { Read } from '@countersign/messaging';
import { checkSignature, type KeyRing } from '@countersign/signing';
import { isHarmless, unsignedEvent, unsignedText } from './unsigned.js';

export interface RowParts {
  ring: KeyRing;
}

export function rowOf({ record, incoming, poison }: Read, parts: RowParts): StoredRecord {
  const key = clean(record.key?.toString('utf8') ?? '');
  const claimed = claimedIn(record.topic, key);
  const signed = incoming && signatureOf(incoming, parts.ring);
  const isWhole = signed?.signature === 'valid' || isHarmless(record, incoming);
  const shown = isWhole ? clean : (text: string) => unsignedText(clean(text));
  const headers = storedHeaders(record.headers, shown);
  const place = {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset.toString(),
    appendedAt: new Date(record.timestamp),
    key: shown(key),
    claimedTenant: shown(claimed),
    headers: JSON.stringify(headers),
    traceId: traceIdOf(headers['traceparent']) ?? null,
  };
  if (incoming) {
    const event = isWhole ? incoming : unsignedEvent(incoming);
    return { ...place, ...readable(incoming, event, signed!, claimed), ...signed! };
  }
  return { ...place, ...unreadable(headers, poison) };
}

/** Ids are derived from what was said, not from what is shown of it. */
function readable(
  incoming: Incoming,
  { event, text }: Pick<Incoming, 'event' | 'text'>,
  { signature }: Signed,
  claimed: string,
): Omit<StoredRecord, keyof Place | keyof Signed> & Partial<Pick<StoredRecord, 'claimedTenant'>> {
  const facets = facetsOf(event);
  return {
    ...attributesOf(event),
    ...facets,
    ...claimedBy(event),
    intent: facets.intent ?? intentOf(incoming.event, claimed),
    tenant: tenantOf(incoming, signature, claimed),
    value: incoming.record.value ? orNull(text) : null,
    poisonReason: null,
    poisonDetail: null,
  };
}

/** The key of what concerns switches and stages is a scope, and of what audit says of itself an instance: no tenant's. */
const claimedIn = (topic: Topic, key: string) =>
  topic === 'control' || topic === 'control-acks' || (topic === 'audit' && !key.includes('/'))
    ? ''
    : (key.split('/')[0] ?? '');

type Place = Pick<
  StoredRecord,
  'topic' | 'partition' | 'offset' | 'appendedAt' | 'key' | 'claimedTenant' | 'headers' | 'traceId'
>;

/** Attributes of what cannot be read are what its headers claim; they let a trace show it as unreadable. */
function unreadable(headers: Record<string, string>, poison: Read['poison']): Omit<StoredRecord, keyof Place> {
  const claim = (name: string) => orNull(headers[`ce_${name}`]?.slice(0, 300) ?? '');
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
    poisonDetail: unsignedText(clean(poison?.detail ?? '')),
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

type Signed = Pick<StoredRecord, 'signature' | 'flaw'>;

function signatureOf(incoming: Incoming, ring: KeyRing): Signed {
  const signer = signerOf(incoming);
  if (!signer) return { signature: 'not-required', flaw: null };
  const check = checkSignature(ring, signer, incoming);
  if (check.ok) return { signature: 'valid', flaw: null };
  return { signature: incoming.signature ? 'invalid' : 'absent', flaw: clean(check.because) };
}

/** What audit says of a tenant's own; all else it says is of the system. */
const OF_TENANTS: ReadonlySet<string> = new Set([
  'countersign.audit.revealed.v1',
  'countersign.audit.erased.v1',
  'countersign.audit.incident-opened.v1',
  'countersign.audit.incident-captured.v1',
  'countersign.audit.incident-closed.v1',
]);

/** The key is under the signature, so its tenant is what the signer says. */
function tenantOf({ event, record: { topic } }: Incoming, signature: SignatureState, claimed: string): string {
  if (topic === 'audit' && !OF_TENANTS.has(event.type)) return SYSTEM;
  if (signature !== 'valid') return UNVERIFIED;
  return topic === 'control-acks' ? SYSTEM : claimed || UNVERIFIED;
}

/** A refusal of what nobody vouches for is filed apart; it says whose it claimed to be. */
function claimedBy(event: AnyEvent): Partial<Pick<StoredRecord, 'claimedTenant'>> {
  if (event.type !== 'countersign.intent.refused.v1') return {};
  const { key, tenant } = event.data.claimed;
  return { claimedTenant: clean(key?.split('/')[0] || tenant || '') };
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
    typeof each?.[field] === 'string' ? members([each[field]]) : [],
  );
}

/** Arguments that may be ids: one word, not long. */
function shortTexts(args: unknown): string[] {
  if (typeof args !== 'object' || args === null) return [];
  return Object.values(args).flatMap((value) =>
    typeof value === 'string' && /^\S{1,64}$/.test(value) ? members([value]) : [],
  );
}

const isToken = (name: string) => name.toLowerCase() === 'authorization';

function storedHeaders(headers: RawRecord['headers'], shown: (text: string) => string): Record<string, string> {
  const stored: Record<string, string> = {};
  for (const name of Object.keys(headers))
    if (!isToken(name)) stored[shown(name.toLowerCase())] = shown(headerText(headers[name]));
  return stored;
}

const headerText = (value: HeaderValue): string =>
  Array.isArray(value) ? value.map(String).join(', ') : String(value ?? '');

/** PostgreSQL's text takes every character but this one, and no half of a pair: as it is stored, so it has to be here, for its leaf. */
const clean = (text: string) => (text.includes('\u0000') ? text.replaceAll('\u0000', '\ufffd') : text).toWellFormed();
/** Members of lists as the insert joins them. */
const members = (texts: string[]) => texts.map((text) => clean(text).replaceAll('\u001f', ' ')).filter(Boolean);
const orNull = (text: string) => clean(text) || null;
