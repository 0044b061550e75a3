/*
 * What policy makes of results. What it guarantees:
 * 1. Only results that the executor signed move an action, and only from the warrant they answer.
 * 2. A warrant that comes back unsent is decided anew, three times at most. One on stale context is planned anew, as often as the
 *    workflow says for a tool and a record; then a person decides on its effect, or nobody does.
 * 3. After an approval that took long, the effect and everybody's roles are looked at again: a commit follows only if the
 *    effect is the same, and whoever asked and agreed may still do so. Another effect is asked about anew; a role that was taken
 *    away, or that nobody can vouch for, ends it. While a kill switch is on they are asked again. Unsure is never yes.
 */
import { cut, type ActionOutcome, type MemberSeen, type RecordRead } from '@countersign/contracts';
import { ignore, put, type Effect, type States } from '@countersign/messaging/stream';
import { MAX_REPLANS } from '@countersign/workflow-kit';
import { askAgain, notNow } from './asked.js';
import type { Case } from './drafts.js';
import type { Facts, Of } from './facts.js';
import { contractNamed, contractOf, deny, roleDenial } from './judge.js';
import {
  again,
  caseOf,
  countedTouches,
  decidedOn,
  ended,
  endTouches,
  intentTouches,
  signedFor,
  undoneBy,
  type About,
  type EndType,
  type Found,
} from './open-action.js';
import { withRead } from './provenance.js';
import { memoryTouches, withAnswer, type Answered } from './session-memory.js';
import {
  intentKey,
  MAX_CONTEXT,
  MAX_RETURNS,
  type Escalation,
  type EscalatedAction,
  type OpenAction,
} from './state.js';

type Previewed = Of<'countersign.action.previewed.v1'>;
type Returned = Of<'countersign.action.returned.v1'>;

const touches = {
  touches: intentTouches,
  touchesAlso: (incoming: About, states: States) => [
    ...endTouches(incoming, states),
    ...memoryTouches(incoming, states),
  ],
};
const touchesCounted = {
  touches: intentTouches,
  touchesAlso: (incoming: About, states: States) => [
    ...countedTouches(incoming, states),
    ...memoryTouches(incoming, states),
  ],
};

export const read = { ...touches, decide: decideRead };
export const previewed = { ...touchesCounted, decide: decidePreviewed };
export const returned = { ...touchesCounted, decide: decideReturned };
/** It changed the system of record, or a draft was kept: what it took of the limits is taken. */
export const done = (outcome: ActionOutcome) => ({ ...touches, decide: decideDone(outcome) });
/** Nothing was changed. */
export const undone = (outcome: ActionOutcome) => ({ ...touchesCounted, decide: decideUndone(outcome) });
/** A doubt found its end: either of the two. */
export const resolved = { ...touchesCounted, decide: decideResolved };

function decideRead(incoming: Of<'countersign.action.read.v1'>, states: States, facts: Facts): Effect[] {
  const found = signedFor(incoming, states, facts);
  if ('because' in found) return [ignore(found.because)];
  const { intent, action } = found;
  const { result, recordsRead } = incoming.event.data;
  if (intent.kind === 'action')
    return [...ended(found, 'read', states), ...withAnswer(intent, action, { result, recordsRead }, states, facts)];
  const loaded = facts.workflows.get(intent.workflow);
  const trust = loaded && contractNamed(loaded, action.tool)?.trust;
  const told = { tool: action.tool, arguments: action.arguments, result, recordsRead, trust };
  const seen = withRead(intent, told, loaded?.workflow.sources ?? []);
  return [put(intentKey(intent.intentId), seen), ...ended({ intent: seen, action }, 'read', states)];
}

function decideDone(outcome: ActionOutcome) {
  return (incoming: Of<EndType>, states: States, facts: Facts): Effect[] => {
    const found = signedFor(incoming, states, facts);
    if ('because' in found) return [ignore(found.because)];
    const answered = withAnswer(found.intent, found.action, answerIn(incoming), states, facts);
    return [...ended(found, outcome, states), ...answered];
  };
}

function decideUndone(outcome: ActionOutcome) {
  return (incoming: Of<EndType>, states: States, facts: Facts): Effect[] => {
    const found = signedFor(incoming, states, facts);
    if ('because' in found) return [ignore(found.because)];
    const answered = withAnswer(found.intent, found.action, answerIn(incoming), states, facts);
    return [...undoneBy(found, outcome, states), ...answered];
  };
}

/** What its agent is told of it. */
function answerIn({ event: { data } }: Of<EndType>): Answered {
  if ('result' in data) return { result: data.result, recordsRead: data.recordsRead };
  return 'detail' in data ? { detail: data.detail } : {};
}

function decideResolved(incoming: Of<'countersign.action.resolved.v1'>, states: States, facts: Facts): Effect[] {
  const decide = incoming.event.data.outcome === 'failed' ? decideUndone('resolved') : decideDone('resolved');
  return decide(incoming, states, facts);
}

/** The preview is there: it ends a dry run, and otherwise policy decides on it. */
function decidePreviewed(incoming: Previewed, states: States, facts: Facts, now: Date): Effect[] {
  const found = signedFor(incoming, states, facts);
  if ('because' in found) return [ignore(found.because)];
  const { intent, action } = found;
  if (action.tag !== 'granted' || action.grant !== 'preview') return [ignore('no preview was asked for')];
  if (action.dryRun) {
    const answered = { result: incoming.event.data.preview.effect, recordsRead: incoming.event.data.recordsRead };
    return [...ended(found, 'previewed', states), ...withAnswer(intent, action, answered, states, facts)];
  }
  const of = caseOf(intent, { facts, states, causationid: incoming.event.id, now });
  const { preview, recordsRead, people } = incoming.event.data;
  const { lookingAgain, ...before } = action;
  const seen = { ...before, preview, recordsRead: bounded(recordsRead), seenAt: now.toISOString() };
  if (!lookingAgain) return again(of, action, seen);
  return lookedAgain(of, action, seen, people);
}

const bounded = (records: RecordRead[]) => records.slice(0, MAX_CONTEXT);

/** Guarantee 3: whether the people are still who they were, and the effect still what they said yes to. */
function lookedAgain(of: Case, before: OpenAction, seen: OpenAction, found: MemberSeen[] | undefined): Effect[] {
  const stopped = before.escalation && notNow(of, before.tool);
  if (stopped) return decidedOn(of, before, askAgain(of, askedBefore(before, before.escalation!), stopped));
  const refused = (detail: string) => decidedOn(of, before, deny(of, seen, { code: 'PERMISSION_DENIED', detail }));
  const { actor } = of.intent;
  const people =
    found ?? (of.loaded.workflow.approval.roles === 'token' ? asTheyCame([actor, ...seen.approvers]) : undefined);
  if (!people)
    return refused(
      `the approval took long, and nobody can say who still has which role: ${of.intent.workflow} has no directory`,
    );
  const still = { ...of, intent: { ...of.intent, actor: { ...actor, roles: rolesNow(actor, people) } } };
  const contract = contractOf(of, seen.tool);
  const denial = contract && roleDenial(still, contract);
  if (denial) return refused(`${actor.sub} may not any more: ${denial.detail}`);
  // People said yes to another effect.
  if (seen.preview?.digest !== before.preview?.digest) return again(still, before, { ...seen, approvers: [] });
  const needed = seen.escalation?.roles ?? [];
  const lost = seen.approvers.find((approver) => !rolesNow(approver, people).some((role) => needed.includes(role)));
  if (lost) return refused(`${lost.sub}, who approved it, has none of the roles ${needed.join(', ')} any more`);
  const approvers = seen.approvers.map((approver) => ({ ...approver, roles: rolesNow(approver, people) }));
  return again(still, before, { ...seen, approvers });
}

/** The question people said yes to, as if nobody had. */
function askedBefore(action: OpenAction, escalation: Escalation): EscalatedAction {
  const { grant: _, jti: __, lookingAgain: ___, ...bare } = { grant: 0, jti: 0, lookingAgain: 0, ...action };
  return { ...bare, tag: 'escalated', escalation, approvers: [] };
}

type Known = Pick<MemberSeen, 'sub' | 'roles' | 'active'>;

/** Where the workflow says that tokens alone tell. */
const asTheyCame = (people: { sub: string; roles: string[] }[]): Known[] =>
  people.map(({ sub, roles }) => ({ sub, roles, active: true }));

/** What the token said and the directory still says. */
function rolesNow({ sub, roles }: { sub: string; roles: readonly string[] }, people: readonly Known[]): string[] {
  const member = people.find((one) => one.sub === sub);
  return member?.active ? roles.filter((role) => member.roles.includes(role)) : [];
}

/** Unsent: decided again. What people said of another effect is void. */
function decideReturned(incoming: Returned, states: States, facts: Facts, now: Date): Effect[] {
  const found = signedFor(incoming, states, facts);
  if ('because' in found) return [ignore(found.because)];
  const { intent, action } = found;
  const { code, detail, preview, recordsRead } = incoming.event.data;
  const of = caseOf(intent, { facts, states, causationid: incoming.event.id, now });
  if (code === 'STALE_CONTEXT') return stale(of, found, detail);
  const decidable = code === 'WARRANT_EXPIRED' || code === 'PREVIEW_CHANGED';
  if (!decidable || action.returns >= MAX_RETURNS) return decidedOn(of, action, deny(of, action, { code, detail }));
  const { lookingAgain: _, ...before } = { lookingAgain: undefined, ...action };
  const back = { ...before, returns: action.returns + 1 };
  if (code === 'WARRANT_EXPIRED') return again(of, action, back);
  const { preview: __, ...bare } = back;
  const fresh = preview ? { preview, recordsRead: bounded(recordsRead), seenAt: now.toISOString() } : {};
  return again(of, action, { ...bare, ...fresh, approvers: [] });
}

/** Guarantee 2. One tool call has no plan to make anew: its user asks again. */
function stale(of: Case, { intent, action }: Found, detail: string): Effect[] {
  const because = { code: 'STALE_CONTEXT' as const, detail };
  if (intent.kind === 'action') return decidedOn(of, action, deny(of, action, because));
  const target = targetOf(of, action);
  const times = intent.replans?.[target] ?? 0;
  if (times < (of.loaded.workflow.maxReplans ?? MAX_REPLANS)) {
    const counted = { ...intent, replans: { ...intent.replans, [target]: times + 1 } };
    const denied = decidedOn({ ...of, intent: counted }, action, deny(of, action, because));
    return [put(intentKey(intent.intentId), counted), ...denied];
  }
  const { preview: _, ...bare } = action;
  const insist = `${action.tool} was planned ${times + 1} times on records that had changed: ${cut(detail, 500)}`;
  return again(of, action, { ...bare, approvers: [], insist });
}

/** The tool and the record it would touch. */
function targetOf(of: Case, { tool, arguments: args }: OpenAction): string {
  const affected = contractOf(of, tool)?.blast?.(args).affected ?? [];
  return cut(`${tool} ${affected.join(' ')}`, 200);
}
