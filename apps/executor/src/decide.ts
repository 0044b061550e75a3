import { eventIdOf, type CloudEvent, type EventDraft, type Incoming } from '@countersign/contracts';
import { emit, ignore, work, type Effect, type States, type WorkRow } from '@countersign/messaging/stream';
import { GRANT, SETTLE, type About, type Ending, type Outcome, type WorkBody } from './state.js';

/** Whether policy signed a record, judged before the transaction, by the record's place. */
export type Facts = ReadonlyMap<string, { ok: true; packed: string; target: string } | { ok: false; because: string }>;
export const placeOf = ({ record }: Incoming): string => `${record.topic}/${record.partition}/${record.offset}`;

const DOUBT_LOOKUP_MS = 30_000;

/** A warrant of policy's becomes one work row, under its jti for ever. What policy did not sign is not believed. */
export function decideApproved(
  incoming: Incoming & { event: CloudEvent<'countersign.action.approved.v1'> },
  _states: States,
  facts: Facts,
): Effect[] {
  const checked = facts.get(placeOf(incoming));
  if (!checked?.ok) return [ignore(checked?.because ?? 'its signature was not judged')];
  const { jti, tenant } = incoming.event.data;
  const traceparent = incoming.headers['traceparent'];
  const body = { warrant: checked.packed, ...(traceparent ? { traceparent } : {}) };
  return [work({ id: jti, kind: GRANT, target: checked.target, tenant, body })];
}

/** What a finished row publishes; a doubt also leaves work behind that keeps asking the target. */
export function decideEnding(row: WorkRow, outcome: Outcome, _states: States, now: Date): Effect[] {
  const { ending, about } = outcome;
  if (ending.tag === 'void' || !about) return [ignore(ending.tag === 'void' ? ending.because : 'it names no action')];
  const { traceparent } = row.body as unknown as WorkBody;
  const event = emit({ ...draftOf(ending, about, outcome.attempts, now), ...(traceparent ? { traceparent } : {}) });
  return ending.tag === 'in-doubt' ? [event, lookAgain(row, about, now)] : [event];
}

function lookAgain(row: WorkRow, about: About, now: Date): Effect {
  const { target, tenant, body } = row;
  const notBefore = new Date(now.getTime() + DOUBT_LOOKUP_MS);
  return work({ id: `${about.jti}/settle`, kind: SETTLE, target, tenant, body, notBefore });
}

function draftOf(ending: Exclude<Ending, { tag: 'void' }>, about: About, attempts: number, now: Date): EventDraft {
  const { actor, session, cause, idempotencyKey, ...named } = about;
  const executed = { ...named, attempts, endedAt: now.toISOString() };
  const attributes = <T extends EventDraft['type']>(type: T) => ({
    type,
    id: eventIdOf(type, about.jti),
    time: executed.endedAt,
    subject: about.actionId,
    tenantid: about.tenant,
    actorid: actor,
    session,
    correlationid: about.intentId,
    causationid: cause,
  });
  switch (ending.tag) {
    case 'read': {
      const { result, recordsRead } = ending;
      return { ...attributes('countersign.action.read.v1'), data: { ...executed, recordsRead, result } };
    }
    case 'previewed':
    case 'drafted': {
      const { tag, ...seen } = ending;
      return { ...attributes(`countersign.action.${tag}.v1`), data: { ...executed, ...seen } };
    }
    case 'committed': {
      const { tag: _, ...committed } = ending;
      const data = { ...executed, ...committed, idempotencyKey };
      return { ...attributes('countersign.action.committed.v1'), data };
    }
    case 'failed': {
      const data = { ...executed, recordsRead: ending.recordsRead, ...ending.refusal };
      return { ...attributes('countersign.action.failed.v1'), data };
    }
    case 'returned': {
      const { refusal, preview, recordsRead } = ending;
      const data = { ...executed, recordsRead, ...refusal, ...(preview ? { preview } : {}) };
      return { ...attributes('countersign.action.returned.v1'), data };
    }
    case 'blocked':
      return { ...attributes('countersign.action.blocked.v1'), data: { ...executed, ...ending.refusal } };
    case 'in-doubt': {
      const { tag: _, refusal, ...doubt } = ending;
      const data = { ...executed, ...refusal, idempotencyKey, ...doubt };
      return { ...attributes('countersign.action.in-doubt.v1'), data };
    }
    case 'resolved': {
      const { tag: _, committed, ...found } = ending;
      const was = { result: null, recordsChanged: [], ...committed, ...found };
      const data = { ...executed, by: 'lookup' as const, idempotencyKey, ...was };
      return { ...attributes('countersign.action.resolved.v1'), data };
    }
    default:
      return ending satisfies never;
  }
}
