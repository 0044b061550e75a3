import { emit, put, type Effect, type States } from '@countersign/messaging/stream';
import type { ActionOutcome, JsonObject } from '@countersign/contracts';
import type { Case } from './drafts.js';
import { checkedOf, type Checked, type Facts, type Of } from './facts.js';
import { bookedKeys, keysOfCall } from './counted.js';
import { contractNamed, judge, type Decided } from './judge.js';
import {
  actionKey,
  intentKey,
  type AcceptedIntent,
  type Action,
  type ActionBase,
  type Booked,
  type Intent,
  type OpenAction,
} from './state.js';
import { book, close } from './tally.js';

/** What speaks of an action that policy decided on before. */
export type About = { event: { data: { intentId: string; actionId: string } } };
export interface Found {
  intent: AcceptedIntent;
  action: OpenAction;
}

export const intentTouches = ({ event }: About) => [intentKey(event.data.intentId)];

/** A planned intent's action has a row of its own; of one tool call's it stands in the intent's. */
export function actionTouches({ event }: About, states: States): string[] {
  const intent = states.get<Intent>(intentKey(event.data.intentId));
  return intent?.tag === 'accepted' && intent.kind === 'intent' ? [actionKey(event.data.actionId)] : [];
}

/** The action, and all it is counted on: of an event that may grant something, or take it back. */
export function countedTouches(incoming: About, states: States): string[] {
  const open = bookedIn(incoming, states);
  return [...(open ? bookedKeys(open) : []), ...actionTouches(incoming, states)];
}

/** The action, and where it is counted as open: of an event that ends what was done. */
export function endTouches(incoming: About, states: States): string[] {
  const open = bookedIn(incoming, states);
  return [...(open ? bookedKeys({ ...open, limits: [] }) : []), ...actionTouches(incoming, states)];
}

/** The action, all it is counted on, and what it would be counted on with other arguments. */
export function editTouches(incoming: About, args: JsonObject, states: States, { workflows }: Facts): string[] {
  const open = bookedIn(incoming, states);
  const intent = states.get<Intent>(intentKey(incoming.event.data.intentId));
  const loaded = open && intent?.tag === 'accepted' ? workflows.get(intent.workflow) : undefined;
  const contract = open && loaded && contractNamed(loaded, open.tool);
  if (!open || !contract || intent?.tag !== 'accepted') return countedTouches(incoming, states);
  const keys = [...bookedKeys(open), ...keysOfCall(intent, loaded, contract, { arguments: args, dryRun: false })];
  return [...new Set(keys), ...actionTouches(incoming, states)];
}

function bookedIn({ event }: About, states: States): (Booked & { tool: string }) | undefined {
  const { intentId, actionId } = event.data;
  const intent = states.get<Intent>(intentKey(intentId));
  if (intent?.tag !== 'accepted') return undefined;
  if (intent.kind === 'intent')
    return intent.booked && Object.hasOwn(intent.booked, actionId) ? intent.booked[actionId] : undefined;
  const { action } = intent;
  if (!action || action.tag === 'ended' || action.actionId !== actionId || !action.booked) return undefined;
  return { ...action.booked, tool: action.tool };
}

export function openAction(
  incoming: About & { event: { tenantid: string } },
  states: States,
): Found | { because: string } {
  const { intentId, actionId } = incoming.event.data;
  const intent = states.get<Intent>(intentKey(intentId));
  if (intent?.tag !== 'accepted') return { because: 'of no open intent' };
  if (incoming.event.tenantid !== intent.tenant) return { because: 'filed under another tenant' };
  const action = intent.kind === 'action' ? intent.action : states.get<Action>(actionKey(actionId));
  if (!action || action.tag === 'ended' || action.actionId !== actionId) return { because: 'of no open action' };
  return { intent, action };
}

export type EndType =
  | 'countersign.action.drafted.v1'
  | 'countersign.action.committed.v1'
  | 'countersign.action.failed.v1'
  | 'countersign.action.blocked.v1'
  | 'countersign.action.resolved.v1';
type ResultType =
  | EndType
  | 'countersign.action.read.v1'
  | 'countersign.action.previewed.v1'
  | 'countersign.action.returned.v1'
  | 'countersign.action.in-doubt.v1';

/** Only what the executor signed moves an action, and only from the warrant it answers. */
export function signedFor(incoming: Of<ResultType>, states: States, facts: Facts): Found | { because: string } {
  const checked = checkedOf(incoming, facts);
  if (checked.tag !== 'signed') return { because: `not executor's: ${whyNot(checked)}` };
  const found = openAction(incoming, states);
  if ('because' in found) return found;
  const { action } = found;
  return action.tag === 'granted' && action.jti === incoming.event.data.jti
    ? found
    : { because: 'it answers another warrant' };
}

export const whyNot = (checked: Checked) => ('because' in checked ? checked.because : checked.tag);

/** What a decision goes by: who asked, under which workflow, and because of what. */
export type Circumstances = Pick<Case, 'states' | 'now'> & { facts: Facts; causationid: string };

/** Throws when the workflow was taken out while its actions were open: the record is parked, and redriven once it is loaded. */
export function caseOf(intent: AcceptedIntent, { facts, ...of }: Circumstances): Case {
  const loaded = facts.workflows.get(intent.workflow);
  if (!loaded)
    throw new Error(`the workflow ${intent.workflow} is not loaded any more; load it and redrive this record`);
  return { intent, loaded, freshAfterMs: facts.freshAfterMs, control: facts.control, ...of };
}

/** Decides once more on an open action, with what is known of it now. */
export const again = (of: Case, before: OpenAction, now: ActionBase): Effect[] => decidedOn(of, before, judge(of, now));

/** An open action was decided on: what is kept of it, where it is counted now, and the decision. */
export const decidedOn = (of: Case, before: OpenAction, decided: Decided): Effect[] =>
  decidedFrom(of, before.actionId, before, decided);

/** The first decision on an action. */
export const decidedNew = (of: Case, actionId: string, decided: Decided): Effect[] =>
  decidedFrom(of, actionId, undefined, decided);

const decidedFrom = (
  of: Case,
  actionId: string,
  before: OpenAction | undefined,
  { action, event }: Decided,
): Effect[] => [
  ...keep(of.intent, actionId, action),
  ...book(of.states, before, action.tag === 'ended' ? undefined : action),
  emit(event),
];

/** It ended with something done, or looked at. */
export const ended = ({ intent, action }: Found, outcome: ActionOutcome, states: States): Effect[] => [
  ...keep(intent, action.actionId, { tag: 'ended', outcome }),
  ...close(states, action),
];

/** It ended with nothing done: what it took is given back. */
export const undoneBy = ({ intent, action }: Found, outcome: ActionOutcome, states: States): Effect[] => [
  ...keep(intent, action.actionId, { tag: 'ended', outcome }),
  ...book(states, action, undefined),
];

export function keep(intent: AcceptedIntent, actionId: string, action: Action): Effect[] {
  if (intent.kind === 'action')
    return [put(intentKey(intent.intentId), action.tag === 'ended' ? action : { ...intent, action })];
  const { [actionId]: before, ...others } = intent.booked ?? {};
  const now = action.tag === 'ended' || !action.booked ? undefined : { ...action.booked, tool: action.tool };
  const kept = put(actionKey(actionId), action);
  if (JSON.stringify(before) === JSON.stringify(now)) return [kept];
  return [kept, put(intentKey(intent.intentId), { ...intent, booked: now ? { ...others, [actionId]: now } : others })];
}
