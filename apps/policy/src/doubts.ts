/*
 * What policy makes of a commit in doubt, and of what a person says became of it. What it guarantees:
 * 1. A verdict counts when policy itself verified who gave it: somebody of the tenant, not who asked for the action, whose role may
 *    approve that tool at the instant the broker appended it.
 * 2. It counts once, and on a commit that the executor says is in doubt. One that comes before that word waits for it.
 * 3. What does not count is answered with why, once for each, and the doubt stays. What approval did not sign is not answered.
 * Switches and stages are nothing here: nobody sends anything.
 */
import { cut, refusal, type EventDraft, type Person } from '@countersign/contracts';
import { emit, ignore, type Effect, type States } from '@countersign/messaging/stream';
import { settlersOf } from '@countersign/workflow-kit';
import { clean, envelope, MAX_DETAIL, type Case, type Denial } from './drafts.js';
import { checkedOf, type Checked, type Facts, type Of } from './facts.js';
import {
  actionTouches,
  caseOf,
  intentTouches,
  keep,
  openAction,
  signedFor,
  whyNot,
  type Circumstances,
} from './open-action.js';
import {
  MAX_ANSWERED,
  type AcceptedIntent,
  type ActionBase,
  type Doubt,
  type GrantedAction,
  type OpenAction,
  type PersonsVerdict,
} from './state.js';

type Verdict = Of<'countersign.approval.settled.v1'>;
interface Doubted {
  intent: AcceptedIntent;
  action: GrantedAction;
  doubt: Doubt;
}

const touches = { touches: intentTouches, touchesAlso: actionTouches };
export const doubted = { ...touches, decide: decideInDoubt };
export const settled = { ...touches, decide: decideSettled };

function decideInDoubt(
  incoming: Of<'countersign.action.in-doubt.v1'>,
  states: States,
  facts: Facts,
  now: Date,
): Effect[] {
  const found = signedFor(incoming, states, facts);
  if ('because' in found) return [ignore(found.because)];
  if (!isCommit(found.action)) return [ignore('no commit is under way')];
  const { intent, action } = found;
  const doubt = doubtOf(action);
  if (doubt.known) return [ignore('known to be in doubt')];
  const known = { ...doubt, known: true as const };
  return told({ intent, action, doubt: known }, { states, facts, causationid: incoming.event.id, now });
}

function decideSettled(incoming: Verdict, states: States, facts: Facts, now: Date): Effect[] {
  const checked = checkedOf(incoming, facts);
  if (checked.tag !== 'approver' && checked.tag !== 'no-approver')
    return [ignore(`not approval's: ${whyNot(checked)}`)];
  const found = openAction(incoming, states);
  if ('because' in found) return [ignore(found.because)];
  const { intent, action } = found;
  const { id, data } = incoming.event;
  if (!isCommit(action) || action.revision !== data.revision) return [ignore('no commit of it is under way')];
  const doubt = doubtOf(action);
  if (doubt.answered.includes(id)) return [ignore('answered before')];
  if (doubt.verdict) return [ignore(`${doubt.verdict.by} has said what became of it`)];
  const around = { states, facts, causationid: id, now };
  const because = doesNotCount(caseOf(intent, around), action, data, checked);
  if (because) return answered({ intent, action, doubt }, data, because, around);
  const { outcome, reason, approver } = data;
  const verdict = { eventId: id, outcome, by: approver.sub, reason };
  return told({ intent, action, doubt: { ...doubt, verdict } }, around);
}

const isCommit = (action: OpenAction): action is GrantedAction => action.tag === 'granted' && action.grant === 'commit';

/** What was said of an earlier warrant is nothing to this one. */
const doubtOf = ({ jti, doubt }: GrantedAction): Doubt => (doubt?.jti === jti ? doubt : { jti, answered: [] });

/** Guarantee 2: whichever of the two comes second settles it. */
function told({ intent, action, doubt }: Doubted, around: Circumstances): Effect[] {
  const kept = keep(intent, action.actionId, { ...action, doubt });
  const { known, verdict } = doubt;
  if (!known || !verdict) return kept;
  const of = caseOf(intent, { ...around, causationid: verdict.eventId });
  return [...kept, emit(settledDraft(of, action, verdict))];
}

/** Guarantee 3. */
function answered(
  { intent, action, doubt }: Doubted,
  { outcome, approver }: Verdict['event']['data'],
  because: Denial,
  around: Circumstances,
): Effect[] {
  const heard = [...doubt.answered, around.causationid].slice(-MAX_ANSWERED);
  const said = { outcome, by: approver.sub };
  return [
    ...keep(intent, action.actionId, { ...action, doubt: { ...doubt, answered: heard } }),
    emit(unsettledDraft(caseOf(intent, around), action, said, because)),
  ];
}

/** Guarantee 1. */
function doesNotCount(
  of: Case,
  action: GrantedAction,
  { approver, tenant }: Verdict['event']['data'],
  checked: Extract<Checked, { tag: 'approver' | 'no-approver' }>,
): Denial | undefined {
  if (checked.tag === 'no-approver') return { code: 'UNAUTHENTICATED', detail: checked.because };
  const { person } = checked;
  const no = (detail: string, nextStep?: string): Denial => ({ code: 'PERMISSION_DENIED', detail, nextStep });
  if (person.tenant !== of.intent.tenant || tenant !== of.intent.tenant) return no('the verdict is of another tenant');
  if (person.sub !== approver.sub) return no('the token is of somebody else than the person named');
  if (person.sub === of.intent.actor.sub)
    return { code: 'SELF_APPROVAL', detail: `${person.sub} asked for it: another person says what became of it` };
  return notTheirRole(of, action, person, no);
}

function notTheirRole(
  { loaded }: Case,
  { tool, escalation }: GrantedAction,
  { sub, roles }: Person,
  no: (detail: string, nextStep?: string) => Denial,
): Denial | undefined {
  const settlers = settlersOf(loaded.workflow, tool, escalation?.roles);
  if (roles.some((role) => settlers.includes(role))) return undefined;
  if (settlers.length > 0) return no(`${sub} has none of the roles ${settlers.join(', ')}`);
  return no(
    `nobody is named who could say what became of ${tool}`,
    `Name roles among the approvals of a tool of ${loaded.workflow.name}, and load it anew.`,
  );
}

/** A doubt is settled once, so its id follows from the action. */
function settledDraft(of: Case, { actionId, revision }: ActionBase, verdict: PersonsVerdict): EventDraft {
  const type = 'countersign.action.settled.v1';
  const { outcome, by, reason } = verdict;
  return {
    ...envelope(of, type, actionId, actionId, revision),
    time: of.now.toISOString(),
    data: { intentId: of.intent.intentId, actionId, revision, tenant: of.intent.tenant, outcome, by, reason },
  };
}

/** The answer to one verdict that does not count. */
function unsettledDraft(
  of: Case,
  { actionId, revision }: ActionBase,
  said: { outcome: PersonsVerdict['outcome']; by: string },
  { code, detail, nextStep }: Denial,
): EventDraft {
  const type = 'countersign.action.unsettled.v1';
  const { intentId, tenant } = of.intent;
  const because = refusal(code, cut(detail, MAX_DETAIL), nextStep);
  return {
    ...envelope(of, type, actionId, of.causationid),
    time: of.now.toISOString(),
    data: { intentId, actionId, revision, tenant, ...said, verdictId: clean(of.causationid), ...because },
  };
}
