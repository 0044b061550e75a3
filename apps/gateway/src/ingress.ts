import {
  actionIdOf,
  deriveId,
  digest,
  encodeEvent,
  EVENTS,
  intentIdOf,
  requestFlaws,
  type EventDraft,
  type FieldFlaw,
  type JsonObject,
  type OutRecord,
  type Person,
  type RequestType,
} from '@countersign/contracts';
import { maskWords } from '@countersign/sealing';
import type { Accepted } from './requests.js';

/** Where what comes in over HTTP comes from; part of the intent's id. */
export const SOURCE = '/gateway';

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

export type Parsed = { ok: true; data: Ingress['data'] } | { ok: false; fields: FieldFlaw[] };

/** The body if it fits the event's contract and can travel as one, else what to correct. */
export function parseRequest(type: RequestType, body: unknown): Parsed {
  const parsed = EVENTS[type].data.safeParse(body);
  if (!parsed.success) {
    return {
      ok: false,
      fields: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.') || '(body)', message })),
    };
  }
  const [flaw] = [...personalNames(parsed.data), ...requestFlaws(parsed.data)];
  if (flaw) return { ok: false, fields: [{ ...flaw, path: flaw.path || '(body)' }] };
  return { ok: true, data: parsed.data as unknown as Ingress['data'] };
}

const personalNames = (data: object): FieldFlaw[] =>
  Object.entries(data).flatMap(([path, name]: [string, unknown]) =>
    NAMES.includes(path) && typeof name === 'string' && maskWords(name) !== name
      ? [{ path, message: 'what looks like personal data cannot be a name; use an id' }]
      : [],
  );
