/*
 * What policy makes of people's words. What it guarantees:
 * 1. A yes counts when policy itself verified who said it, that it is neither the requester nor of another tenant, that the role
 *    suffices at the instant the broker appended it, and that it is for this very effect, under the tool and the rules there are now.
 * 2. What fails commits nothing: if it is approval's, people are asked again, or told that it came too late, so that nothing
 *    waits for an answer that never comes.
 * 3. While a kill switch stops the call no yes counts and nobody is too late; a no does.
 * 4. Who changed the call, and did more than take away from it, does not approve it.
 */
import type { Person as Actor } from '@countersign/contracts';
import { ignore, type Effect, type States } from '@countersign/messaging/stream';
import { answeredBy, askAgain, isOutdated, judgedAnew, lateFrom, notNow } from './asked.js';
import type { Case } from './drafts.js';
import { checkedOf, type Checked, type Facts, type Of } from './facts.js';
import { deny } from './judge.js';
import { again, caseOf, decidedOn, intentTouches, keep, countedTouches, openAction, whyNot } from './open-action.js';
import { CLOCK_SLACK_MS, type AcceptedIntent, type Approver, type EscalatedAction } from './state.js';

export type Verdict =
  Of<'countersign.approval.granted.v1'> | Of<'countersign.approval.rejected.v1'> | Of<'countersign.approval.edited.v1'>;
type Expired = Of<'countersign.approval.expired.v1'>;

const touches = { touches: intentTouches, touchesAlso: countedTouches };
export const granted = { ...touches, decide: decideGranted };
export const rejected = { ...touches, decide: decideRejected };
export const expired = { ...touches, decide: decideExpired };

function decideGranted(incoming: Verdict, states: States, facts: Facts, now: Date): Effect[] {
  const found = personsWord(incoming, states, facts, now);
  if (Array.isArray(found)) return found;
  const { of, action, approver } = found;
  const because = notNow(of, action.tool) ?? theirOwnEdit(approver, action);
  if (because) return decidedOn(of, action, askAgain(of, action, because));
  if (isOutdated(of, action)) return decidedOn(of, action, judgedAnew(of, action));
  if (action.approvers.some(({ sub }) => sub === approver.sub)) return [ignore(`${approver.sub} said so before`)];
  const approvers = [...action.approvers, approver];
  if (approvers.length < action.escalation.needed) return keep(of.intent, action.actionId, { ...action, approvers });
  return again(of, action, { ...action, approvers });
}

/** Guarantee 4. */
const theirOwnEdit = ({ sub }: Approver, { edits = [] }: EscalatedAction): string | undefined =>
  edits.some(({ by, narrowing }) => by === sub && !narrowing)
    ? `SELF_APPROVAL: ${sub} changed it, and not only to take away from it; another person decides`
    : undefined;

function decideRejected(incoming: Verdict, states: States, facts: Facts, now: Date): Effect[] {
  const found = personsWord(incoming, states, facts, now);
  if (Array.isArray(found)) return found;
  const { of, action, approver } = found;
  const detail = `${approver.sub} rejected it: ${approver.reason}`;
  return decidedOn(of, action, deny(of, action, { code: 'APPROVAL_REJECTED', detail }));
}

function decideExpired(incoming: Expired, states: States, facts: Facts, now: Date): Effect[] {
  const found = escalatedFor(incoming, states);
  if ('because' in found) return [ignore(found.because)];
  const checked = checkedOf(incoming, facts);
  if (checked.tag !== 'signed') return [ignore(`not approval's: ${whyNot(checked)}`)];
  const { intent, action } = found;
  const of = caseOf(intent, { facts, states, causationid: incoming.event.id, now });
  const late = lateFrom(of, action);
  if (!late || incoming.record.timestamp < late.getTime() - CLOCK_SLACK_MS) return [ignore('people still have time')];
  return tooLate(of, action, late);
}

function tooLate(of: Case, action: EscalatedAction, late: Date): Effect[] {
  const detail = `nobody decided until ${late.toISOString()}`;
  return decidedOn(of, action, deny(of, action, { code: 'APPROVAL_EXPIRED', detail }));
}

function escalatedFor(
  incoming: Verdict | Expired,
  states: States,
): { intent: AcceptedIntent; action: EscalatedAction } | { because: string } {
  const found = openAction(incoming, states);
  if ('because' in found) return found;
  const { intent, action } = found;
  const { approvalId, actionHash, revision, tenant } = incoming.event.data;
  if (action.tag !== 'escalated') return { because: 'nobody is being asked' };
  const { escalation } = action;
  if (approvalId !== escalation.approvalId || actionHash !== escalation.actionHash || revision !== action.revision) {
    return { because: 'it is about another effect than the one people are asked about' };
  }
  return tenant === intent.tenant ? { intent, action } : { because: 'it names another tenant' };
}

/** A question, and who answered it. */
export interface Word {
  of: Case;
  action: EscalatedAction;
  approver: Approver;
}

/** Guarantees 1 and 2: the word of a person, or else what is done without it. */
export function personsWord(incoming: Verdict, states: States, facts: Facts, now: Date): Word | Effect[] {
  const found = escalatedFor(incoming, states);
  if ('because' in found) return [ignore(found.because)];
  const checked = checkedOf(incoming, facts);
  if (checked.tag !== 'approver' && checked.tag !== 'no-approver')
    return [ignore(`not approval's: ${whyNot(checked)}`)];
  const { intent, action } = found;
  const { id, data } = incoming.event;
  const of = caseOf(intent, { facts, states, causationid: id, now });
  const { timestamp } = incoming.record;
  const late = lateFrom(of, action);
  if (late && timestamp > late.getTime()) return tooLate(of, action, late);
  if (action.escalation.answered?.includes(id)) return [ignore('answered before')];
  const because = checked.tag === 'approver' ? notTheirsToSay(checked.person, data, found) : checked.because;
  if (because) return decidedOn(of, action, askAgain(of, action, because));
  const { sub, roles } = (checked as Extract<Checked, { tag: 'approver' }>).person;
  const approver = { sub, roles, reason: data.reason, at: new Date(timestamp).toISOString() };
  return { of, action: answeredBy(action, id), approver };
}

function notTheirsToSay(
  person: Actor,
  { approver }: Verdict['event']['data'],
  { intent, action }: { intent: AcceptedIntent; action: EscalatedAction },
): string | undefined {
  if (person.tenant !== intent.tenant) return 'the approver is of another tenant';
  if (person.sub !== approver.sub) return 'the token is of somebody else than the approver named';
  if (person.sub === intent.actor.sub) return 'SELF_APPROVAL: the approver asked for it';
  if (!person.roles.some((role) => action.escalation.roles.includes(role))) return 'the approver has none of the roles';
  return undefined;
}
