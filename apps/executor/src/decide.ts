import {
  cut,
  eventIdOf,
  parseControl,
  type CloudEvent,
  type ControlRecord,
  type EventDraft,
  type Incoming,
  type Json,
} from '@countersign/contracts';
import { applyControl, controlKey, type ControlRow } from '@countersign/control';
import { maskWords } from '@countersign/sealing';
import { emit, ignore, put, work, type Effect, type States, type WorkRow } from '@countersign/messaging/stream';
import {
  doubtKey,
  DRAIN,
  GRANT,
  SETTLE,
  type About,
  type Doubt,
  type DrainBody,
  type Drained,
  type Ending,
  type Outcome,
  type WorkBody,
} from './state.js';

/** Whether policy signed a record, judged before the transaction, by the record's place. */
export type Facts = ReadonlyMap<
  string,
  | { ok: true; tag: 'warrant'; packed: string; target: string }
  | { ok: true; tag: 'word' }
  | { ok: false; because: string }
>;
export const placeOf = ({ record }: Incoming): string => `${record.topic}/${record.partition}/${record.offset}`;

const DOUBT_LOOKUP_MS = 30_000;

/** A warrant of policy's becomes one work row, under its jti for ever. What policy did not sign is not believed. */
export function decideApproved(
  incoming: Incoming & { event: CloudEvent<'countersign.action.approved.v1'> },
  _states: States,
  facts: Facts,
): Effect[] {
  const checked = facts.get(placeOf(incoming));
  if (!checked?.ok) return [ignore(checked?.because ?? UNJUDGED)];
  if (checked.tag !== 'warrant') return [ignore('it is no warrant')];
  const { jti, tenant } = incoming.event.data;
  const body = { warrant: checked.packed } satisfies WorkBody;
  return [work({ id: jti, kind: GRANT, target: checked.target, tenant, body })];
}

const UNJUDGED = 'its signature was not judged';

/** Of what is in doubt, or was: the row on which a look-up and a person meet. */
export function endingTouches(_row: WorkRow, { ending, about }: Outcome): string[] {
  return about && ['in-doubt', 'resolved', 'left'].includes(ending.tag) ? [doubtKey(about)] : [];
}

/** What a finished row publishes. */
export function decideEnding(row: WorkRow, outcome: Outcome, states: States, now: Date): Effect[] {
  const { ending, about } = outcome;
  if (ending.tag === 'void' || !about) return [ignore(ending.tag === 'void' ? ending.because : 'it names no action')];
  if (ending.tag === 'left') return decideLeft(about, states);
  const event = emit(draftOf(ending, about, outcome.attempts, now));
  if (ending.tag === 'in-doubt') return [event, ...opened(row, outcome, ending, about, states, now)];
  if (ending.tag !== 'resolved') return [event];
  return isResolved(about, states) ? [ignore(SETTLED)] : [event, resolved(about, ending, now)];
}

const SETTLED = 'it is settled already';
const isResolved = (about: About, states: States): boolean => states.get<Doubt>(doubtKey(about))?.tag === 'resolved';

const resolved = (about: About, { by, outcome }: Ending & { tag: 'resolved' }, now: Date): Effect =>
  put(doubtKey(about), { tag: 'resolved', about, by, outcome, at: now.toISOString() } satisfies Doubt);

const settleId = ({ jti }: About): string => `${jti}/settle`;

/** A commit goes in doubt: it is written down, and work is left behind that keeps asking the target, if it can be asked. */
function opened(
  { target, tenant, body, attempts }: WorkRow,
  outcome: Outcome,
  { known, sent }: Ending & { tag: 'in-doubt' },
  about: About,
  states: States,
  now: Date,
): Effect[] {
  const key = doubtKey(about);
  // Another warrant of the same action, under the same key: what settles the one settles both.
  if (states.get(key)) return [];
  const asked = sent?.canLookUp ?? true;
  const facts = { target, attempts, known, asked, ...(sent && { sent }) };
  const doubt: Doubt = { tag: 'open', about, ...facts, since: now.toISOString() };
  if (!asked) return [put(key, doubt)];
  const notBefore = new Date(now.getTime() + DOUBT_LOOKUP_MS);
  const asking = { ...(body as object), ...(sent?.firstAt && { sentAt: sent.firstAt }) };
  return [put(key, doubt), work({ id: settleId(about), kind: SETTLE, target, tenant, body: asking, notBefore })];
}

function decideLeft(about: About, states: States): Effect[] {
  const doubt = states.get<Doubt>(doubtKey(about));
  return doubt?.tag === 'open' ? [put(doubtKey(about), { ...doubt, asked: false })] : [ignore(SETTLED)];
}

type Settled = Incoming & { event: CloudEvent<'countersign.action.settled.v1'> };

export const settledTouches = ({ event }: Settled): string[] => [doubtKey(event.data)];

/** A person's verdict, as policy took it. Whoever is first settles a doubt: this, or a look-up. */
export function decideSettled(incoming: Settled, states: States, facts: Facts, now: Date): Effect[] {
  const checked = facts.get(placeOf(incoming));
  if (!checked?.ok) return [ignore(checked?.because ?? UNJUDGED)];
  const { id, data } = incoming.event;
  const doubt = states.get<Doubt>(doubtKey(data));
  if (!doubt || doubt.about.tenant !== data.tenant) return [ignore('it is not in doubt here')];
  if (doubt.tag === 'resolved') return [ignore(SETTLED)];
  const { about, attempts } = doubt;
  const ending = { tag: 'resolved', outcome: data.outcome, by: 'person', detail: data.reason } as const;
  return [
    emit({ ...draftOf(ending, about, attempts, now), causationid: id }),
    resolved(about, ending, now),
    { do: 'cancel', workId: settleId(about) },
  ];
}

function draftOf(
  ending: Exclude<Ending, { tag: 'void' | 'left' }>,
  about: About,
  attempts: number,
  now: Date,
): EventDraft {
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
      const { tag: _, sent: __, refusal, ...doubt } = ending;
      const data = { ...executed, ...refusal, idempotencyKey, ...doubt };
      return { ...attributes('countersign.action.in-doubt.v1'), data };
    }
    case 'resolved': {
      const { tag: _, committed, ...found } = ending;
      const was = { result: null, recordsChanged: [], ...committed, ...found };
      const data = { ...executed, idempotencyKey, ...was };
      return { ...attributes('countersign.action.resolved.v1'), data };
    }
    default:
      return ending satisfies never;
  }
}

/** What is known of records on `control` and `control-acks` before the transaction: by their places, which of them policy signed. */
export interface ControlFacts {
  instance: string;
  signed: ReadonlySet<string>;
}
type Control = Incoming & { event: CloudEvent<'countersign.control.set.v1' | 'countersign.control.applied.v1'> };
type Change = Omit<DrainBody, 'instance'>;

/** The row of the scope that a record changes. */
export function controlTouches(incoming: Control, facts: ControlFacts): string[] {
  const change = changeOf(incoming, facts);
  return change ? [controlKey(change.scope)] : [];
}

/**
 * A trip counts whoever wrote it; what re-arms or sets a stage counts on policy's word alone. This instance acknowledges it
 * once it has drained, unless the scope's row already goes by a later record.
 */
export function decideControl(incoming: Control, states: States, facts: ControlFacts): Effect[] {
  const change = changeOf(incoming, facts);
  if (!change) return [ignore('it trips no switch, and policy did not say it')];
  const key = controlKey(change.scope);
  const before = states.get<ControlRow>(key);
  const next = applyControl(before, { ...change, at: change.appendedAt });
  if (!next && before?.epoch !== change.epoch) return [ignore('a later record says otherwise')];
  const { instance } = facts;
  const body: DrainBody = { ...change, instance };
  const id = `drain/${change.epoch}/${instance}`;
  const drain = work({ id, kind: DRAIN, target: 'control', tenant: SYSTEM, body: body as unknown as Json });
  return next ? [put(key, next), drain] : [drain];
}

/** Whose work a drain is: of no tenant. */
const SYSTEM = 'system';

function changeOf(incoming: Control, { signed }: ControlFacts): Change | undefined {
  const { event, record } = incoming;
  if (event.type === 'countersign.control.set.v1') {
    const said = parseControl(event.data.scope, maskWords(event.data.value));
    if (said?.kind !== 'kill' || !said.value.killed) return undefined;
    const appendedAt = new Date(record.timestamp).toISOString();
    const cause = cut(maskWords(event.id), MAX_ID);
    return changeTo(said, { epoch: Number(record.offset), appendedAt, cause, by: said.value.by });
  }
  const { scope, value, epoch, at, appendedAt = at, by } = event.data;
  const said = parseControl(scope, value);
  const isTrip = said?.kind === 'kill' && said.value.killed;
  if (!signed.has(placeOf(incoming)) || !said || isTrip) return undefined;
  return changeTo(said, { epoch, appendedAt, cause: event.causationid, by });
}

function changeTo(
  said: ControlRecord,
  { by, ...of }: Pick<Change, 'epoch' | 'appendedAt' | 'cause'> & { by: string | undefined },
): Change | undefined {
  const { by: _, ...value } = { by: undefined, ...said.value };
  return { scope: said.scope, value, ...of, ...(by ? { by } : {}) };
}

/** Whoever trips a switch may call the event anything; an acknowledgement takes so much of it. */
const MAX_ID = 200;

/** The acknowledgement: in force here, and no sender is at work on what was before. */
export function decideDrained(row: WorkRow, drained: Drained, _states: States, now: Date): Effect[] {
  const { cause, ...change } = row.body as unknown as DrainBody;
  const { scope, epoch, instance } = change;
  const type = 'countersign.control.applied.v1';
  const at = now.toISOString();
  const nobody = { tenantid: '', actorid: '', session: '', correlationid: '' };
  return [
    emit({
      ...{
        type,
        id: eventIdOf(type, scope, epoch, 'executor', instance),
        time: at,
        subject: scope,
        causationid: cause,
      },
      ...nobody,
      data: { ...change, ...drained, service: 'executor', at },
    }),
  ];
}
