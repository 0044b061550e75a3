/*
 * What is known of commits in doubt, so that a person may say what became of one. The executor says that there is a doubt, and that
 * there is none any more; policy, why it did not take what a person said.
 */
import type { CloudEvent, Incoming } from '@countersign/contracts';
import { ignore, put, type Effect, type States } from '@countersign/messaging/stream';
import { placeOf, type Facts } from './decide.js';
import { actionKey, approvalKey, doubtKey, type ActionPointer, type Doubt, type Item } from './state.js';

type InDoubt = Incoming & { event: CloudEvent<'countersign.action.in-doubt.v1'> };
type Resolved = Incoming & { event: CloudEvent<'countersign.action.resolved.v1'> };
type Unsettled = Incoming & { event: CloudEvent<'countersign.action.unsettled.v1'> };
type Checked = Pick<Facts, 'forged'>;

export const unsettledTouches = ({ event: { data } }: Unsettled) => [doubtKey(data.actionId)];
export const doubtTouches = ({ event: { data } }: InDoubt | Resolved) => [actionKey(data.actionId)];
/** The item people decided on, if they were asked: known once the pointer is read. */
export function doubtTouchesAlso({ event: { data } }: InDoubt | Resolved, states: States): string[] {
  const pointer = states.get<ActionPointer>(actionKey(data.actionId));
  return [...(pointer ? [approvalKey(pointer.current)] : []), doubtKey(data.actionId)];
}

export function decideInDoubt(incoming: InDoubt, states: States, { forged }: Checked): Effect[] {
  const because = forged.get(placeOf(incoming));
  if (because) return [ignore(`not the executor's: ${because}`)];
  const key = doubtKey(incoming.event.data.actionId);
  return [states.get<Doubt>(key) ? ignore('known already') : put(key, doubtOf(incoming, states))];
}

/** It may be heard of before the doubt: then it is all there is to know. */
export function decideResolved(incoming: Resolved, states: States, { forged }: Checked): Effect[] {
  const because = forged.get(placeOf(incoming));
  if (because) return [ignore(`not the executor's: ${because}`)];
  const { actionId, outcome, by, endedAt: at } = incoming.event.data;
  const doubt = states.get<Doubt>(doubtKey(actionId)) ?? doubtOf(incoming, states);
  const { progress } = doubt;
  if (progress.tag === 'resolved') return [ignore('resolved already')];
  const said = progress.tag === 'said' ? { verdict: progress.verdict } : {};
  const resolved: Doubt = { ...doubt, progress: { tag: 'resolved', at, outcome, by, ...said } };
  return [put(doubtKey(actionId), resolved)];
}

/** Policy could not take what was said: anybody who may can say it again. */
export function decideUnsettled(incoming: Unsettled, states: States, { forged }: Checked): Effect[] {
  const because = forged.get(placeOf(incoming));
  if (because) return [ignore(`not policy's: ${because}`)];
  const { data, causationid } = incoming.event;
  const key = doubtKey(data.actionId);
  const doubt = states.get<Doubt>(key);
  if (doubt?.progress.tag !== 'said' || doubt.progress.verdict.eventId !== causationid)
    return [ignore('it answers nothing that is waiting')];
  return [put(key, { ...doubt, progress: { tag: 'open' } } satisfies Doubt)];
}

function doubtOf({ event, headers }: InDoubt | Resolved, states: States): Doubt {
  const { tenantid, actorid, session, correlationid, id, data } = event;
  const { actionId, intentId, revision, tool } = data;
  const pointer = states.get<ActionPointer>(actionKey(actionId));
  const item = pointer && states.get<Item>(approvalKey(pointer.current));
  const traceparent = headers['traceparent'];
  return {
    ...{ actionId, intentId, revision, tool, causedBy: id, verdicts: 0 },
    envelope: { tenantid, actorid, session, correlationid },
    ...(traceparent ? { traceparent } : {}),
    asked: item?.escalated.approverRoles ?? [],
    progress: { tag: 'open' },
  };
}
