import type { EventType } from '@countersign/contracts';
import { need, type Missing } from './need.js';
import {
  approvalsOf,
  denialsOf,
  escalationsOf,
  ofType,
  warrantsOf,
  type Decision,
  type Stored,
  type Story,
} from './story.js';

const OPENED = 'countersign.approval.opened.v1';
const GRANTED = 'countersign.approval.granted.v1';
const EDITED = 'countersign.approval.edited.v1';
const REJECTED = 'countersign.approval.rejected.v1';
const EXPIRED = 'countersign.approval.expired.v1';
const ANSWERS = [GRANTED, EDITED, REJECTED, EXPIRED] as const;
const ESCALATED = 'countersign.action.escalated.v1';

/**
 * Escalation, item, a person's decision and policy's answer name each other by action hash. One approval of several that came to
 * nothing, since another person rejected it or the time ran out, is named by nothing.
 */
export function missingFromApproval(story: Story): Missing[] {
  const people = missingPeople(story);
  return [
    ...missingEscalations(story),
    ...missingItems(story),
    ...people,
    ...missingAnswers(story, people.length > 0),
    ...missingVerdicts(story),
  ];
}

function missingEscalations(story: Story): Missing[] {
  const known = new Set(escalationsOf(story).map(({ event }) => event.data.actionHash));
  const lost = new Map<string, Missing>();
  const asides = ofType(
    story.asides as Stored[],
    'countersign.approval.viewed.v1',
    'countersign.approval.delegated.v1',
  );
  for (const approval of [...approvalsOf(story, OPENED, ...ANSWERS), ...asides]) {
    const { actionHash } = approval.event.data;
    if (!known.has(actionHash))
      lost.set(actionHash, need(approval, `what a person was asked to decide on (${actionHash})`, ESCALATED));
  }
  if (lost.size > 0 || known.size > 0) return [...lost.values()];
  const decided = story.decisions.find(byPerson);
  return decided ? [need(decided, 'what a person was asked to decide on', ESCALATED)] : [];
}

/** A decision that cannot be without a person, or without one having had the time. */
function byPerson({ event }: Decision): boolean {
  if (event.type === 'countersign.action.approved.v1') return event.data.approvers.length > 0;
  return (
    event.type === 'countersign.action.denied.v1' &&
    (event.data.code === 'APPROVAL_REJECTED' || event.data.code === 'APPROVAL_EXPIRED')
  );
}

function missingItems(story: Story): Missing[] {
  const opened = new Set(approvalsOf(story, OPENED).map(({ event }) => event.data.actionHash));
  return escalationsOf(story)
    .filter(({ event }) => !opened.has(event.data.actionHash))
    .map((escalated) => need(escalated, 'the item opened for a person to decide', OPENED));
}

/** Whom a warrant names as approver, and what a denial says a person or the clock did. */
function missingPeople(story: Story): Missing[] {
  const missing: Missing[] = [];
  const granted = new Set(approvalsOf(story, GRANTED).map(({ event }) => event.data.approver.sub));
  for (const warrant of warrantsOf(story)) {
    const unheard = warrant.event.data.approvers.filter(({ sub }) => !granted.has(sub));
    for (const { sub } of unheard) missing.push(need(warrant, `the approval of ${sub} it rests on`, GRANTED));
  }
  missing.push(...missingEdits(story));
  for (const denied of denialsOf(story)) {
    const { code } = denied.event.data;
    if (code === 'APPROVAL_REJECTED' && approvalsOf(story, REJECTED).length === 0)
      missing.push(need(denied, "a person's rejection", REJECTED));
    if (code === 'APPROVAL_EXPIRED' && approvalsOf(story, EXPIRED).length === 0)
      missing.push(need(denied, 'the end of the time to decide', EXPIRED));
  }
  return missing;
}

/** Decisions on other arguments than were proposed name who changed them. */
function missingEdits(story: Story): Missing[] {
  const stored = new Set(
    approvalsOf(story, EDITED).map(({ event }) => `${event.data.approver.sub} ${event.data.reason}`),
  );
  const lost = new Map<string, Missing>();
  for (const decision of [...escalationsOf(story), ...warrantsOf(story), ...denialsOf(story)])
    for (const { by, reason } of decision.event.data.edits ?? [])
      if (!stored.has(`${by} ${reason}`))
        lost.set(`${by} ${reason}`, need(decision, `the change that ${by} made`, EDITED));
  return [...lost.values()];
}

function missingAnswers(story: Story, named: boolean): Missing[] {
  if (named) return [];
  const answered = new Set(approvalsOf(story, ...ANSWERS).map(({ event }) => event.data.actionHash));
  return escalationsOf(story)
    .filter(({ event }) => !answered.has(event.data.actionHash))
    .map((escalated) => need(escalated, "a person's decision, or the end of the time for it", ...ANSWERS));
}

/** What a person said is answered by policy; what policy ignored is followed by another decision. */
function missingVerdicts(story: Story): Missing[] {
  const last = approvalsOf(story, ...ANSWERS).at(-1);
  if (!last || decidedAfter(story, last as Stored)) return [];
  const asked = escalationsOf(story).find(({ event }) => event.data.actionHash === last.event.data.actionHash);
  const yes = approvalsOf(story, GRANTED).filter(({ event }) => event.data.actionHash === last.event.data.actionHash);
  const more = (asked?.event.data.approvalsNeeded ?? 1) - yes.length;
  if (asked && last.event.type === GRANTED && more > 0)
    return [need(asked, `what ${more} more of those asked decided, or the end of the time for it`, ...ANSWERS)];
  const verdicts: EventType[] = [
    ...(last.event.type === REJECTED || last.event.type === EXPIRED
      ? []
      : (['countersign.action.approved.v1'] as const)),
    'countersign.action.denied.v1',
    ESCALATED,
  ];
  return [need(last, "policy's answer to it", ...verdicts)];
}

/** A result by a warrant that is not stored shows that policy did answer: the warrant is then named as missing for it. */
function decidedAfter(story: Story, { at }: Stored): boolean {
  const known = new Set(warrantsOf(story).map(({ event }) => event.data.jti));
  return (
    story.decisions.some((decision) => decision.at > at) ||
    story.results.some((result) => result.at > at && !known.has(result.event.data.jti))
  );
}
