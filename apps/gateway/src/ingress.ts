import {
  actionIdOf,
  deriveId,
  digest,
  encodeEvent,
  EVENTS,
  intentIdOf,
  MAX_REQUEST_CHARS,
  payloadFlaw,
  type EventDraft,
  type JsonObject,
  type OutRecord,
  type Person,
} from '@countersign/contracts';
import { maskWords } from '@countersign/sealing';
import type { Accepted } from './requests.js';

/** Where what comes in over HTTP comes from; part of the intent's id. */
export const SOURCE = '/gateway';

export type RequestType = 'countersign.intent.requested.v1' | 'countersign.action.requested.v1';

export interface Ingress {
  type: RequestType;
  data: JsonObject & { session: string };
  eventId: string;
  answer: Accepted;
  bodyHash: string;
}

/** The ids of a request, from its user and key: sent again, it is the same intent. */
export function ingressOf(type: RequestType, data: Ingress['data'], { tenant, sub }: Person, key: string): Ingress {
  const eventId = deriveId('req', tenant, sub, key);
  const intentId = intentIdOf(tenant, SOURCE, eventId);
  const { session } = data;
  const answer: Accepted =
    type === 'countersign.action.requested.v1'
      ? { intentId, actionId: actionIdOf(intentId, 0, 0), session }
      : { intentId, session };
  return { type, data, eventId, answer, bodyHash: digest({ type, data }) };
}

/** The record on the intents topic. The token travels beside it, for policy; nothing here keeps it. */
export function recordOf(ingress: Ingress, person: Person, token: string, now: Date, traceparent?: string): OutRecord {
  const { type, data, eventId, answer } = ingress;
  const draft = {
    type,
    id: eventId,
    time: now.toISOString(),
    subject: answer.intentId,
    tenantid: person.tenant,
    actorid: person.sub,
    session: answer.session,
    correlationid: answer.intentId,
    causationid: '',
    data,
    ...(traceparent ? { traceparent } : {}),
  } as unknown as EventDraft;
  const record = encodeEvent(SOURCE, draft, JSON.stringify(data));
  return { ...record, headers: { ...record.headers, authorization: `Bearer ${token}` } };
}

/** They stand in keys and envelopes, where nothing is sealed. */
const NAMES = ['session', 'workflow', 'tool'];
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/;

export type Parsed = { ok: true; data: Ingress['data'] } | { ok: false; fields: { path: string; message: string }[] };

/** The body if it fits the event's contract and can travel as one, else what to correct. */
export function parseRequest(type: RequestType, body: unknown): Parsed {
  const parsed = EVENTS[type].data.safeParse(body);
  if (!parsed.success) {
    return {
      ok: false,
      fields: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.') || '(body)', message })),
    };
  }
  const { session } = parsed.data;
  if (CONTROL_CHARACTERS.test(session))
    return { ok: false, fields: [{ path: 'session', message: 'no control characters' }] };
  for (const [path, name] of Object.entries(parsed.data))
    if (NAMES.includes(path) && typeof name === 'string' && maskWords(name) !== name)
      return { ok: false, fields: [{ path, message: 'what looks like personal data cannot be a name; use an id' }] };
  for (const [path, value] of Object.entries(parsed.data)) {
    const flaw = payloadFlaw(value);
    if (flaw) return { ok: false, fields: [{ path, message: flaw }] };
  }
  if (JSON.stringify(parsed.data).length > MAX_REQUEST_CHARS)
    return { ok: false, fields: [{ path: '(body)', message: `at most ${MAX_REQUEST_CHARS} characters of JSON` }] };
  return { ok: true, data: parsed.data as unknown as Ingress['data'] };
}
