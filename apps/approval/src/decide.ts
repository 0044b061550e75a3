import {
  actionHashOf,
  eventIdOf,
  type CloudEvent,
  type EventDraft,
  type EventType,
  type Incoming,
  type Person,
} from '@countersign/contracts';
import { sealedDigest } from '@countersign/identity';
import { emit, ignore, put, work, type Effect, type States } from '@countersign/messaging/stream';
import {
  actionKey,
  approvalIdOf,
  approvalKey,
  EXPIRY_AGAIN_AT_MOST_MS,
  EXPIRY_AGAIN_MS,
  expiryWorkId,
  isDecidable,
  mayDecide,
  type ActionPointer,
  type Item,
  type PersonsDecision,
  type Progress,
} from './state.js';

/** Why a record is not policy's, by its place on the topic. What is not listed here was checked and is. */
export interface Facts {
  forged: ReadonlyMap<string, string>;
}
export const placeOf = ({ record }: Incoming) => `${record.topic}/${record.partition}/${record.offset}`;

type Of<T extends EventType> = Incoming & { event: CloudEvent<T> };
type Escalated = Of<'countersign.action.escalated.v1'>;
type Approved = Of<'countersign.action.approved.v1'>;
type Denied = Of<'countersign.action.denied.v1'>;

export const escalatedTouches = ({ event: { data } }: Escalated) => [
  actionKey(data.actionId),
  approvalKey(approvalIdOf(data)),
];

/** The item the action had before: the row is known once the pointer is read. */
export function currentItemTouches({ event: { data } }: Escalated | Denied, states: States): string[] {
  const pointer = states.get<ActionPointer>(actionKey(data.actionId));
  return pointer ? [approvalKey(pointer.current)] : [];
}

/** Opens an item. An older item of the same action is void: what it showed is no longer what would be done. */
export function decideEscalated(incoming: Escalated, states: States, { forged }: Facts, now: Date): Effect[] {
  const { event, headers } = incoming;
  const because = forged.get(placeOf(incoming));
  if (because) return [ignore(`not policy's: ${because}`)];
  const approvalId = approvalIdOf(event.data);
  const before = states.get<Item>(approvalKey(approvalId));
  if (before) return reopen(before, event, now);
  const item = itemOf(approvalId, event, headers['traceparent'], now);
  const { actionId, revision, actionHash, intentId, tenant, tool, expiresAt } = event.data;
  const bound = { approvalId, intentId, actionId, revision, actionHash, tenant };
  return [
    ...supersede(states, actionId, approvalId, now),
    put(approvalKey(approvalId), item),
    put(actionKey(actionId), { current: approvalId } satisfies ActionPointer),
    emit({
      ...draftOf(item, 'countersign.approval.opened.v1', item.openedEventId, event.id, now),
      data: { ...bound, tool, openedAt: item.openedAt, expiresAt },
    }),
    expiryWork(item, 0, new Date(expiresAt)),
  ];
}

/** Policy could not take a decision: it names that decision's event as its cause. What was decided before counts no more. */
function reopen(item: Item, { causationid, data }: Escalated['event'], now: Date): Effect[] {
  const at = item.decisions.findIndex(({ decision }, index) => decisionEventId(item, decision, index) === causationid);
  if (at < item.round) return [ignore('already opened')];
  if (item.progress.tag !== 'open' && item.progress.tag !== 'decided') return [ignore(`already ${item.progress.tag}`)];
  const reopened = { at: now.toISOString(), because: data.because ?? '' };
  const progress: Progress = { tag: 'open' };
  return [put(approvalKey(item.approvalId), { ...item, round: item.decisions.length, reopened, progress })];
}

function itemOf(approvalId: string, event: Escalated['event'], traceparent: string | undefined, now: Date): Item {
  const { tenantid, actorid, session, correlationid } = event;
  return {
    approvalId,
    openedAt: now.toISOString(),
    escalated: event.data,
    envelope: { tenantid, actorid, session, correlationid },
    openedEventId: eventIdOf('countersign.approval.opened.v1', approvalId),
    ...(traceparent ? { traceparent } : {}),
    decisions: [],
    round: 0,
    expiries: 0,
    progress: { tag: 'open' },
  };
}

function supersede(states: States, actionId: string, by: string, now: Date): Effect[] {
  const pointer = states.get<ActionPointer>(actionKey(actionId));
  const before = pointer && states.get<Item>(approvalKey(pointer.current));
  if (!before || isFinal(before.progress)) return [];
  return endWith(before, { tag: 'superseded', at: now.toISOString(), by });
}

/** Only a warrant that names approvers ends an item; others, the many, cost nothing here. */
export const approvedTouches = ({ event: { data } }: Approved) =>
  data.approvers.length > 0 ? [approvalKey(approvalIdOf({ ...data, actionHash: actionHashOf(data) }))] : [];

export function decideApproved(incoming: Approved, states: States, { forged }: Facts, now: Date): Effect[] {
  const [key] = approvedTouches(incoming);
  if (!key) return [ignore('approved by rule')];
  const because = forged.get(placeOf(incoming));
  if (because) return [ignore(`not policy's: ${because}`)];
  const item = states.get<Item>(key);
  if (!item) return [ignore('of no item')];
  if (item.progress.tag === 'approved') return [ignore('already approved')];
  return endWith(item, { tag: 'approved', at: now.toISOString() });
}

export const deniedTouches = ({ event: { data } }: Denied) => [actionKey(data.actionId)];

export function decideDenied(incoming: Denied, states: States, { forged }: Facts, now: Date): Effect[] {
  const { data } = incoming.event;
  const because = forged.get(placeOf(incoming));
  if (because) return [ignore(`not policy's: ${because}`)];
  const pointer = states.get<ActionPointer>(actionKey(data.actionId));
  const item = pointer && states.get<Item>(approvalKey(pointer.current));
  if (!item) return [ignore('of no item')];
  const { tag } = item.progress;
  if (tag === 'approved' || tag === 'denied') return [ignore(`already ${tag}`)];
  // Policy denies an expired one too: the item then says expired, which is why.
  if (data.code === 'APPROVAL_EXPIRED') {
    const at = item.progress.tag === 'expired' ? item.progress.at : now.toISOString();
    return isFinal(item.progress) ? [ignore(`already ${tag}`)] : endWith(item, { tag: 'expired', at, confirmed: true });
  }
  return endWith(item, { tag: 'denied', at: now.toISOString(), code: data.code, detail: data.detail });
}

function isFinal(progress: Progress): boolean {
  if (progress.tag === 'expired') return progress.confirmed === true;
  return progress.tag !== 'open' && progress.tag !== 'decided';
}

function endWith(item: Item, progress: Progress): Effect[] {
  return [
    put(approvalKey(item.approvalId), { ...item, progress }),
    { do: 'cancel', workId: expiryWorkId(item.approvalId, item.expiries) },
  ];
}

/**
 * The expiry's work row came due. Policy may not take it (by the broker's clock people still have time), so it is announced
 * again until policy has answered: nothing waits for ever.
 */
export function decideExpiry(approvalId: string, states: States, now: Date): Effect[] {
  const item = states.get<Item>(approvalKey(approvalId));
  if (!item || isFinal(item.progress)) return [ignore('ended before')];
  const at = item.progress.tag === 'expired' ? item.progress.at : now.toISOString();
  const expiries = item.expiries + 1;
  const type = 'countersign.approval.expired.v1';
  const waits = Math.min(EXPIRY_AGAIN_MS * 2 ** item.expiries, EXPIRY_AGAIN_AT_MOST_MS);
  return [
    put(approvalKey(approvalId), { ...item, expiries, progress: { tag: 'expired', at } satisfies Progress }),
    emit({
      ...draftOf(item, type, eventIdOf(type, approvalId, item.expiries), item.openedEventId, now),
      data: { ...boundOf(item), expiredAt: at },
    }),
    expiryWork(item, expiries, new Date(now.getTime() + waits)),
  ];
}

const expiryWork = ({ approvalId, envelope }: Item, expiries: number, notBefore: Date): Effect =>
  work({
    id: expiryWorkId(approvalId, expiries),
    kind: 'expire',
    target: 'clock',
    tenant: envelope.tenantid,
    body: { approvalId },
    notBefore,
  });

/** A person's answer as it came over HTTP; the token is sealed already, so that only policy can open it. */
export interface Answer {
  decision: 'approve' | 'reject';
  actionHash: string;
  reason: string;
  sealed: string;
}

export type Verdict =
  | { tag: 'recorded'; item: Item }
  | { tag: 'not-found' }
  | { tag: 'self' }
  | { tag: 'role'; needed: string[] }
  | { tag: 'stale'; current: string }
  | { tag: 'ended'; progress: Progress }
  | { tag: 'said-before' };

/**
 * One wins: the item's row is locked, and whoever comes second finds it decided. Who may not decide learns nothing of how
 * it stands.
 */
export function decideAnswer(
  approvalId: string,
  person: Person,
  answer: Answer,
  states: States,
  now: Date,
): { effects: Effect[]; result: Verdict } {
  const item = states.get<Item>(approvalKey(approvalId));
  const no = (result: Verdict) => ({ effects: [], result });
  if (!item || item.envelope.tenantid !== person.tenant) return no({ tag: 'not-found' });
  const { actor, approverRoles, actionHash } = item.escalated;
  if (actor.sub === person.sub) return no({ tag: 'self' });
  if (!mayDecide(item, person)) return no({ tag: 'role', needed: approverRoles });
  if (item.progress.tag === 'superseded') return no({ tag: 'stale', current: item.progress.by });
  if (!isDecidable(item, now)) return no({ tag: 'ended', progress: item.progress });
  if (answer.actionHash !== actionHash) return no({ tag: 'stale', current: approvalId });
  if (item.decisions.slice(item.round).some(({ approver }) => approver.sub === person.sub))
    return no({ tag: 'said-before' });
  return record(item, person, answer, now);
}

const DECISION_EVENTS = {
  approve: 'countersign.approval.granted.v1',
  reject: 'countersign.approval.rejected.v1',
} as const;
const decisionEventId = ({ approvalId }: Item, decision: Answer['decision'], index: number) =>
  eventIdOf(DECISION_EVENTS[decision], approvalId, index);

/** One no is enough; a yes needs as many people as policy asked for, each of whom policy checks. */
function record(item: Item, person: Person, answer: Answer, now: Date): { effects: Effect[]; result: Verdict } {
  const { decision, reason, sealed } = answer;
  const approver = { sub: person.sub, roles: person.roles };
  const said: PersonsDecision = { decision, approver, reason, at: now.toISOString() };
  const decisions = [...item.decisions, said];
  const isEnough = decision === 'reject' || decisions.length - item.round >= item.escalated.approvalsNeeded;
  const progress: Progress = isEnough ? { tag: 'decided', at: said.at } : { tag: 'open' };
  const decided: Item = { ...item, decisions, progress };
  const type = DECISION_EVENTS[decision];
  const event = {
    ...draftOf(item, type, decisionEventId(item, decision, item.decisions.length), item.openedEventId, now),
    data: { ...boundOf(item), approver, reason, decidedAt: said.at, tokenDigest: sealedDigest(sealed) },
    // The outbox row holds it until it is published, then goes: sealed, it is of use to policy alone.
    authorization: `Bearer ${sealed}`,
  } as EventDraft;
  return {
    effects: [put(approvalKey(item.approvalId), decided), emit(event)],
    result: { tag: 'recorded', item: decided },
  };
}

function boundOf({ approvalId, escalated: { intentId, actionId, revision, actionHash, tenant } }: Item) {
  return { approvalId, intentId, actionId, revision, actionHash, tenant };
}

function draftOf<T extends EventType>(item: Item, type: T, id: string, causationid: string, now: Date) {
  const { traceparent } = item;
  const attributes = { ...item.envelope, subject: item.escalated.actionId, causationid };
  return { type, id, time: now.toISOString(), ...attributes, ...(traceparent ? { traceparent } : {}) };
}
