import { emit, put, type Effect, type States } from '@countersign/messaging/stream';
import type { ActionOutcome } from '@countersign/contracts';
import type { Case } from './drafts.js';
import { checkedOf, type Checked, type Facts, type Of } from './facts.js';
import { judge, type Decided } from './judge.js';
import { book, limitKeys } from './limits.js';
import {
  actionKey,
  intentKey,
  type AcceptedIntent,
  type Action,
  type ActionBase,
  type Intent,
  type OpenAction,
} from './state.js';

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

/** The action, and what its commits count against: of an event that may grant a commit, or take one back. */
export function limitTouches(incoming: About, states: States, { workflows }: Facts): string[] {
  const intent = states.get<Intent>(intentKey(incoming.event.data.intentId));
  if (intent?.tag !== 'accepted') return [];
  return [...limitKeys(intent, workflows.get(intent.workflow)), ...actionTouches(incoming, states)];
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
  EndType | 'countersign.action.read.v1' | 'countersign.action.previewed.v1' | 'countersign.action.returned.v1';

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
  return { intent, loaded, freshAfterMs: facts.freshAfterMs, ...of };
}

/** Decides once more on an open action, with what is known of it now. */
export const again = (of: Case, before: OpenAction, now: ActionBase): Effect[] => decidedOn(of, before, judge(of, now));

/** An open action was decided on: what is kept of it, what its limits say now, and the decision. */
export const decidedOn = (of: Case, before: OpenAction, { action, event }: Decided): Effect[] => [
  keep(of.intent, before.actionId, action),
  ...book(of, before.reserved, action.tag === 'ended' ? undefined : action.reserved),
  emit(event),
];

export const ended = ({ intent, action }: Found, outcome: ActionOutcome): Effect =>
  keep(intent, action.actionId, { tag: 'ended', outcome });

export function keep(intent: AcceptedIntent, actionId: string, action: Action): Effect {
  if (intent.kind === 'intent') return put(actionKey(actionId), action);
  return put(intentKey(intent.intentId), action.tag === 'ended' ? action : { ...intent, action });
}
