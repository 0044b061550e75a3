import {
  actionHashOf,
  eventIdOf,
  type CloudEvent,
  type EventType,
  type Incoming,
  type JsonObject,
} from '@countersign/contracts';
import { emit, ignore, put, work, type Effect, type States } from '@countersign/messaging/stream';
import {
  actionKey,
  approvalIdOf,
  approvalKey,
  EXPIRIES_AT_MOST,
  EXPIRY_AGAIN_AT_MOST_MS,
  EXPIRY_AGAIN_MS,
  expiringAt,
  expiryWorkId,
  targetOf,
  type ActionPointer,
  type Item,
  type PersonsDecision,
  type Progress,
} from './state.js';
import { tell, type Told } from './webhook.js';

/** Why a record is not policy's, by its place on the topic. What is not listed here was checked and is. */
export interface Facts {
  forged: ReadonlyMap<string, string>;
  /** Whether somebody is to be told of items. */
  webhooks: boolean;
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

function currentItem(actionId: string, states: States): Item | undefined {
  const pointer = states.get<ActionPointer>(actionKey(actionId));
  return pointer && states.get<Item>(approvalKey(pointer.current));
}

/** Opens an item. An older item of the same action is void: what it showed is no longer what would be done. */
export function decideEscalated(incoming: Escalated, states: States, facts: Facts, now: Date): Effect[] {
  const { event, headers } = incoming;
  const because = facts.forged.get(placeOf(incoming));
  if (because) return [ignore(`not policy's: ${because}`)];
  const approvalId = approvalIdOf(event.data);
  const before = states.get<Item>(approvalKey(approvalId));
  if (before) return reopen(before, event, now);
  const item = itemOf(approvalId, event, headers['traceparent'], now);
  const { actionId, tool, expiresAt } = event.data;
  return [
    ...supersede(currentItem(actionId, states), approvalId, facts, now),
    put(approvalKey(approvalId), item),
    put(actionKey(actionId), { current: approvalId } satisfies ActionPointer),
    emit({
      ...draftOf(item, 'countersign.approval.opened.v1', item.openedEventId, event.id, now),
      data: { ...boundOf(item), tool, openedAt: item.openedAt, expiresAt },
    }),
    expiryWork(item, 0, new Date(expiresAt)),
    ...(facts.webhooks ? [tell(item, { event: 'opened', expiresAt }, now), expiringWork(item)] : []),
  ];
}

/**
 * Policy could not take a decision: it names that decision's event as its cause. What was decided before counts no more. It may
 * find that out after people were counted, when it looked once more; then it asks with a cause of its own.
 */
function reopen(item: Item, { id, causationid, data }: Escalated['event'], now: Date): Effect[] {
  const { progress } = item;
  const isAfterLook = isLooking(progress) && data.because !== undefined;
  const at = item.decisions.findIndex((said, index) => decisionEventId(item, said.decision, index) === causationid);
  if (isAfterLook ? item.askedAgain?.includes(id) : at < item.round) return [ignore('already opened')];
  if (!isAfterLook && isFinal(progress)) return [ignore(`already ${progress.tag}`)];
  const { claim: _, ...rest } = item;
  const reopened = { at: now.toISOString(), because: data.because ?? '' };
  const askedAgain = [...(item.askedAgain ?? []), id];
  // Its work that expires it was cancelled when it was approved.
  const expiries = isAfterLook ? item.expiries + 1 : item.expiries;
  const open: Item = {
    ...rest,
    round: item.decisions.length,
    reopened,
    askedAgain,
    expiries,
    progress: { tag: 'open' },
  };
  const due = new Date(item.escalated.expiresAt);
  return [put(approvalKey(item.approvalId), open), ...(isAfterLook ? [expiryWork(open, expiries, due)] : [])];
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

/** One that was edited learns which item came of it. */
function supersede(before: Item | undefined, by: string, facts: Facts, now: Date): Effect[] {
  if (!before) return [];
  const { progress } = before;
  if (progress.tag === 'superseded' && progress.by === undefined)
    return [put(approvalKey(before.approvalId), { ...before, progress: { ...progress, by } })];
  if (isFinal(progress) && !isLooking(progress)) return [];
  return endWith(before, { tag: 'superseded', at: now.toISOString(), by }, facts, now);
}

/** Only a warrant that names approvers, or what they changed, ends an item; others, the many, cost nothing here. */
export function approvedTouches({ event: { data } }: Approved): string[] {
  if (data.approvers.length > 0) return [approvalKey(approvalIdOf({ ...data, actionHash: actionHashOf(data) }))];
  return data.edits ? [actionKey(data.actionId)] : [];
}
export function approvedTouchesAlso(incoming: Approved, states: States): string[] {
  const { approvers, edits, actionId } = incoming.event.data;
  if (approvers.length > 0 || !edits) return [];
  const pointer = states.get<ActionPointer>(actionKey(actionId));
  return pointer ? [approvalKey(pointer.current)] : [];
}

export function decideApproved(incoming: Approved, states: States, facts: Facts, now: Date): Effect[] {
  const { data } = incoming.event;
  const [key] = approvedTouches(incoming);
  if (!key) return [ignore('approved by rule')];
  const because = facts.forged.get(placeOf(incoming));
  if (because) return [ignore(`not policy's: ${because}`)];
  if (data.approvers.length === 0) return edited(data, states, facts, now);
  const item = states.get<Item>(key);
  if (!item) return [ignore('of no item')];
  if (item.progress.tag === 'approved' && !isLooking(item.progress)) return [ignore('already approved')];
  const looking = data.grant === 'preview' ? { looking: true as const } : {};
  return endWith(item, { tag: 'approved', at: now.toISOString(), ...looking }, facts, now);
}

/** Policy took an edit and has its effect computed: the item of the arguments before is void, whatever comes of it. */
function edited({ actionId, revision }: Approved['event']['data'], states: States, facts: Facts, now: Date): Effect[] {
  const item = currentItem(actionId, states);
  if (!item || item.escalated.revision >= revision) return [ignore('of no item before the edit')];
  if (isFinal(item.progress)) return [ignore(`already ${item.progress.tag}`)];
  return endWith(item, { tag: 'superseded', at: now.toISOString() }, facts, now);
}

export const deniedTouches = ({ event: { data } }: Denied) => [actionKey(data.actionId)];

export function decideDenied(incoming: Denied, states: States, facts: Facts, now: Date): Effect[] {
  const { data } = incoming.event;
  const because = facts.forged.get(placeOf(incoming));
  if (because) return [ignore(`not policy's: ${because}`)];
  const item = currentItem(data.actionId, states);
  if (!item) return [ignore('of no item')];
  const { progress } = item;
  const at = now.toISOString();
  if (progress.tag === 'denied' || (progress.tag === 'approved' && !isLooking(progress)))
    return [ignore(`already ${progress.tag}`)];
  // Policy denies an expired one too: the item then says expired, which is why.
  if (data.code === 'APPROVAL_EXPIRED') {
    if (isFinal(progress)) return [ignore(`already ${progress.tag}`)];
    const since = progress.tag === 'expired' ? progress.at : at;
    return endWith(item, { tag: 'expired', at: since, confirmed: true }, facts, now);
  }
  return endWith(item, { tag: 'denied', at, code: data.code, detail: data.detail }, facts, now);
}

const isLooking = (progress: Progress) => progress.tag === 'approved' && progress.looking === true;

function isFinal(progress: Progress): boolean {
  if (progress.tag === 'expired') return progress.confirmed === true;
  return progress.tag !== 'open' && progress.tag !== 'decided';
}

function endWith(item: Item, progress: Progress, { webhooks }: Facts, now: Date): Effect[] {
  const { claim: _, ...ended } = item;
  const code = progress.tag === 'denied' ? { code: progress.code } : {};
  const told: Told = { event: 'decided', outcome: progress.tag, ...code };
  return [
    put(approvalKey(item.approvalId), { ...ended, progress }),
    { do: 'cancel', workId: expiryWorkId(item.approvalId, item.expiries) },
    ...(webhooks && !isLooking(progress) ? [tell(item, told, now)] : []),
  ];
}

/**
 * The expiry's work row came due. Policy may not take it (by the broker's clock people still have time), so it is announced
 * again until policy has answered, for some hours: what was announced stands on the topic, however long policy is away.
 */
export function decideExpiry(approvalId: string, states: States, now: Date): Effect[] {
  const item = states.get<Item>(approvalKey(approvalId));
  if (!item || isFinal(item.progress)) return [ignore('ended before')];
  const at = item.progress.tag === 'expired' ? item.progress.at : now.toISOString();
  const expiries = item.expiries + 1;
  const type = 'countersign.approval.expired.v1';
  const announced = item.expiries - (item.delays ?? 0);
  const waits = Math.min(EXPIRY_AGAIN_MS * 2 ** announced, EXPIRY_AGAIN_AT_MOST_MS);
  return [
    put(approvalKey(approvalId), { ...item, expiries, progress: { tag: 'expired', at } satisfies Progress }),
    emit({
      ...draftOf(item, type, eventIdOf(type, approvalId, item.expiries), item.openedEventId, now),
      data: { ...boundOf(item), expiredAt: at },
    }),
    ...(announced + 1 < EXPIRIES_AT_MOST ? [expiryWork(item, expiries, new Date(now.getTime() + waits))] : []),
  ];
}

/** It was announced as expired, and then a switch was heard of that had stopped its time before: people go on where they were. */
export function decideNotYet(approvalId: string, until: Date, states: States): Effect[] {
  const item = states.get<Item>(approvalKey(approvalId));
  if (!item || isFinal(item.progress)) return [ignore('ended before')];
  const expiries = item.expiries + 1;
  const delays = (item.delays ?? 0) + 1;
  const progress: Progress = item.progress.tag === 'expired' ? { tag: 'open' } : item.progress;
  return [put(approvalKey(approvalId), { ...item, expiries, delays, progress }), expiryWork(item, expiries, until)];
}

/** Most of its time is over, and nobody has decided. */
export function decideExpiring(approvalId: string, expiresAt: Date, states: States, now: Date): Effect[] {
  const item = states.get<Item>(approvalKey(approvalId));
  if (item?.progress.tag !== 'open') return [ignore('ended before')];
  return [tell(item, { event: 'expiring', expiresAt: expiresAt.toISOString() }, now)];
}

/** What a work row that waits for an instant says: when it is due but for switches, and which of them stop its time. */
export interface Due {
  approvalId: string;
  what: 'expire' | 'expiring';
  from: string;
  due: string;
  expiresAt: string;
  target: { tenant: string; workflow: string; tool: string };
  /** It was announced before. */
  again: boolean;
}

const dueOf = (item: Item, what: Due['what'], due: Date, again: boolean) =>
  ({
    ...{ approvalId: item.approvalId, what, due: due.toISOString(), again, target: targetOf(item) },
    ...{ from: item.escalated.decidedAt, expiresAt: item.escalated.expiresAt },
  }) satisfies Due as unknown as JsonObject;

function expiryWork(item: Item, expiries: number, notBefore: Date): Effect {
  const { approvalId, envelope, escalated } = item;
  const body = dueOf(item, 'expire', new Date(escalated.expiresAt), expiries > 0);
  const id = expiryWorkId(approvalId, expiries);
  return work({ id, kind: 'expire', target: 'clock', tenant: envelope.tenantid, body, notBefore });
}

function expiringWork(item: Item): Effect {
  const notBefore = expiringAt(item.escalated);
  const id = `expiring/${item.approvalId}`;
  const body = dueOf(item, 'expiring', notBefore, false);
  return work({ id, kind: 'expiring', target: 'clock', tenant: item.envelope.tenantid, body, notBefore });
}

const DECISION_EVENTS = {
  approve: 'countersign.approval.granted.v1',
  reject: 'countersign.approval.rejected.v1',
  edit: 'countersign.approval.edited.v1',
} as const;
export const decisionEvent = (decision: PersonsDecision['decision']) => DECISION_EVENTS[decision];
export const decisionEventId = ({ approvalId }: Item, decision: PersonsDecision['decision'], index: number) =>
  eventIdOf(DECISION_EVENTS[decision], approvalId, index);

export function boundOf({ approvalId, escalated: { intentId, actionId, revision, actionHash, tenant } }: Item) {
  return { approvalId, intentId, actionId, revision, actionHash, tenant };
}

export function draftOf<T extends EventType>(item: Item, type: T, id: string, causationid: string, now: Date) {
  const { traceparent } = item;
  const attributes = { ...item.envelope, subject: item.escalated.actionId, causationid };
  return { type, id, time: now.toISOString(), ...attributes, ...(traceparent ? { traceparent } : {}) };
}
