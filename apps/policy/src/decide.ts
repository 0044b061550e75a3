/*
 * Policy's decisions, one function an event. What they guarantee:
 * 1. Only a verified person's intent is accepted, once, under the tenant of the token; a repeat emits nothing.
 * 2. What stands on proposals is a claim: the action's id is recomputed, and tenant, session and workflow are the accepted intent's.
 * 3. Nothing is granted unless roles, limits and rules say so; unsure is never yes.
 * 4. A person's yes counts when policy itself verified who said it, that it is neither the requester nor of another tenant, that
 *    the role suffices at the instant the broker appended it, and that it is for this very effect. What fails commits nothing: if it
 *    is approval's, people are asked again, or told that it came too late, so that nothing waits for an answer that never comes.
 * 5. Only results that the executor signed move an action, and only from the warrant they answer.
 * 6. A warrant that comes back unsent is decided anew, three times at most.
 */
import {
  actionIdOf,
  cut,
  intentIdOf,
  MAX_REQUEST_CHARS,
  payloadFlaw,
  sessionIdOf,
  UNVERIFIED,
  type ActionOutcome,
  type Person as Actor,
} from '@countersign/contracts';
import { emit, ignore, put, type Effect, type States } from '@countersign/messaging/stream';
import { acceptedDraft, refusedDraft, type Case, type Denial, type Requested } from './drafts.js';
import { checkedOf, type Checked, type Facts, type Of } from './facts.js';
import { askAgain, deny, judge, judgeNew, type Decided } from './judge.js';
import { withRead } from './provenance.js';
import {
  actionKey,
  AUTHORITY_MS,
  CLOCK_SLACK_MS,
  intentKey,
  MAX_PROPOSALS,
  MAX_RETURNS,
  MAX_TEXT_KEPT,
  type AcceptedIntent,
  type Action,
  type ActionBase,
  type Approver,
  type Intent,
  type OpenAction,
} from './state.js';

type Proposed = Of<'countersign.action.proposed.v1'>;
type Previewed = Of<'countersign.action.previewed.v1'>;
type Returned = Of<'countersign.action.returned.v1'>;
type Verdict = Of<'countersign.approval.granted.v1'> | Of<'countersign.approval.rejected.v1'>;
type Expired = Of<'countersign.approval.expired.v1'>;
/** What speaks of an action that policy decided on before. */
type About = { event: { data: { intentId: string; actionId: string } } };

/* Intents */

/** The row is known by the verified tenant alone: what is not verified cannot take another's place. */
export const requestedTouches = (incoming: Requested, facts: Facts) => [
  intentKey(requestedId(incoming, checkedOf(incoming, facts))),
];

const requestedId = ({ event }: Requested, checked: Checked) =>
  intentIdOf(checked.tag === 'person' ? checked.person.tenant : UNVERIFIED, event.source, event.id);

export function decideRequested(incoming: Requested, states: States, facts: Facts, now: Date): Effect[] {
  const checked = checkedOf(incoming, facts);
  const intentId = requestedId(incoming, checked);
  if (states.get<Intent>(intentKey(intentId))) return [ignore('a repeat: the first outcome stands')];
  const refuse = (because: Denial) => [
    put(intentKey(intentId), { tag: 'refused' } satisfies Intent),
    emit(refusedDraft(incoming, checked, intentId, because, now)),
  ];
  if (checked.tag !== 'person')
    return refuse({
      code: 'UNAUTHENTICATED',
      detail: 'because' in checked ? checked.because : 'nobody vouches for it',
    });
  const because = malformed(incoming) ?? notTheirs(incoming, checked) ?? notAllowed(incoming, checked, facts);
  if (because) return refuse(because);
  return accept(incoming, checked, intentId, facts, now);
}

function accept(
  incoming: Requested,
  { person, expiresAt }: Person,
  intentId: string,
  facts: Facts,
  now: Date,
): Effect[] {
  const { event, record } = incoming;
  const { workflow, session } = event.data;
  const loaded = facts.workflows.get(workflow)!;
  const intent: AcceptedIntent = {
    ...{ tag: 'accepted', intentId, tenant: person.tenant, session, actor: person, workflow },
    kind: event.type === 'countersign.action.requested.v1' ? 'action' : 'intent',
    authorityUntil: new Date(Math.min(expiresAt, record.timestamp + AUTHORITY_MS)).toISOString(),
    ...('text' in event.data ? { text: cut(event.data.text, MAX_TEXT_KEPT) } : {}),
    ...('subject' in event.data && event.data.subject ? { subjectId: event.data.subject.id } : {}),
    ...{ proposals: 0, reads: [] },
  };
  const of: Case = { intent, loaded, causationid: event.id, now };
  const sessionId = sessionIdOf(person.tenant, person.sub, workflow, session);
  if (!('tool' in event.data)) return [put(intentKey(intentId), intent), emit(acceptedDraft(of, incoming, sessionId))];
  const ask = {
    actionId: actionIdOf(intentId, 0, 0),
    tool: event.data.tool,
    arguments: event.data.arguments,
    dryRun: event.data.dry_run ?? false,
  };
  const { action, event: decision } = judgeNew(of, ask);
  return [keep(intent, ask.actionId, action), emit(acceptedDraft(of, incoming, sessionId, ask)), emit(decision)];
}

type Person = Extract<Checked, { tag: 'person' }>;

/** What could be read but neither stored nor published again. */
function malformed({ event, text }: Requested): Denial | undefined {
  const invalid = (detail: string): Denial => ({ code: 'INVALID_ARGUMENTS', detail });
  if (event.id.length > 200 || event.source.length > 200) return invalid('id and source have at most 200 characters');
  if (text.length > MAX_REQUEST_CHARS) return invalid(`${text.length} characters; at most ${MAX_REQUEST_CHARS}`);
  if (/[\u0000-\u001f\u007f]/.test(event.data.session)) return invalid('session: control characters');
  const flaw = 'tool' in event.data ? payloadFlaw(event.data.arguments) : undefined;
  if (flaw) return invalid(`arguments: ${flaw}`);
  return unstorable(text) ? invalid('the text holds the character U+0000 or half a character') : undefined;
}

/** By its escapes: backslashes that stand for themselves and whole pairs are taken out first. */
const unstorable = (json: string) =>
  json.includes('\\u') &&
  /\\u0000|\\u[dD][89a-fA-F]/.test(json.replace(/\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]../g, ''));

function notTheirs({ event, key }: Requested, { person }: Person): Denial | undefined {
  const claimed = [key.split('/')[0], event.tenantid].find((tenant) => tenant && tenant !== person.tenant);
  if (!claimed) return undefined;
  return { code: 'TENANT_MISMATCH', detail: 'the record is keyed for another tenant than its token is of' };
}

function notAllowed({ event }: Requested, { person }: Person, { workflows }: Facts): Denial | undefined {
  const { workflow: name } = event.data;
  const loaded = workflows.get(name);
  if (!loaded) return { code: 'UNKNOWN_WORKFLOW', detail: `no workflow ${name} is loaded` };
  const { roles } = loaded.workflow;
  if (roles.some((role) => person.roles.includes(role))) return undefined;
  return { code: 'PERMISSION_DENIED', detail: `starting ${name} needs one of the roles ${roles.join(', ')}` };
}

/* Proposals */

export function decideProposed(incoming: Proposed, states: States, facts: Facts, now: Date): Effect[] {
  const { event, record, text } = incoming;
  const { intentId, actionId, turn, index, tool, dryRun } = event.data;
  const intent = states.get<Intent>(intentKey(intentId));
  if (intent?.tag !== 'accepted' || intent.kind !== 'intent') return [ignore('of no intent that may propose')];
  if (!sameLine(event, intent) || event.data.workflow !== intent.workflow)
    return [ignore('of another tenant, session or workflow than its intent')];
  if (actionId !== actionIdOf(intentId, turn, index)) return [ignore('its id does not follow from its place')];
  if (states.get<Action>(actionKey(actionId))) return [ignore('decided before')];
  const of = caseOf(intent, facts, event.id, now);
  const flaw =
    text.length > MAX_REQUEST_CHARS || unstorable(text)
      ? 'too long, or not storable'
      : payloadFlaw(event.data.arguments);
  const ask = { actionId, tool, arguments: flaw ? {} : event.data.arguments, dryRun };
  const because = flaw
    ? { code: 'INVALID_ARGUMENTS' as const, detail: flaw }
    : proposalDenial(intent, record.timestamp);
  const decided = because ? deny(of, { ...ask, revision: 0, toolVersion: 'unknown' }, because) : judgeNew(of, ask);
  const counted = { ...intent, proposals: intent.proposals + 1 };
  return [put(intentKey(intentId), counted), ...outcomeOf(intent, actionId, decided)];
}

function proposalDenial({ authorityUntil, proposals }: AcceptedIntent, appendedAt: number): Denial | undefined {
  if (appendedAt > Date.parse(authorityUntil))
    return { code: 'INTENT_ENDED', detail: `the authority to propose ended ${authorityUntil}` };
  if (proposals >= MAX_PROPOSALS) return { code: 'LIMIT_EXCEEDED', detail: `${MAX_PROPOSALS} proposals an intent` };
  return undefined;
}

/* Results */

/** A planned intent's action has a row of its own; of one tool call's it stands in the intent's. */
export const intentTouches = ({ event }: About) => [intentKey(event.data.intentId)];
export function actionTouches({ event }: About, states: States): string[] {
  const intent = states.get<Intent>(intentKey(event.data.intentId));
  return intent?.tag === 'accepted' && intent.kind === 'intent' ? [actionKey(event.data.actionId)] : [];
}

export function decideRead(incoming: Of<'countersign.action.read.v1'>, states: States, facts: Facts): Effect[] {
  const found = signedFor(incoming, states, facts);
  if ('because' in found) return [ignore(found.because)];
  const { intent, action } = found;
  const { result, recordsRead } = incoming.event.data;
  const ended = keep(intent, action.actionId, { tag: 'ended', outcome: 'read' });
  if (intent.kind === 'action') return [ended];
  return [put(intentKey(intent.intentId), { ...intent, reads: withRead(intent.reads, result, recordsRead) }), ended];
}

/** The action has ended by what the executor did or did not do. */
export function decideEnd(outcome: ActionOutcome) {
  return (incoming: Of<EndType>, states: States, facts: Facts): Effect[] => {
    const found = signedFor(incoming, states, facts);
    if ('because' in found) return [ignore(found.because)];
    return [keep(found.intent, found.action.actionId, { tag: 'ended', outcome })];
  };
}

type EndType =
  | 'countersign.action.drafted.v1'
  | 'countersign.action.committed.v1'
  | 'countersign.action.failed.v1'
  | 'countersign.action.blocked.v1'
  | 'countersign.action.resolved.v1';

/** The preview is there: it ends a dry run, and otherwise policy decides on it. */
export function decidePreviewed(incoming: Previewed, states: States, facts: Facts, now: Date): Effect[] {
  const found = signedFor(incoming, states, facts);
  if ('because' in found) return [ignore(found.because)];
  const { intent, action } = found;
  if (action.tag !== 'granted' || action.grant !== 'preview') return [ignore('no preview was asked for')];
  if (action.dryRun) return [keep(intent, action.actionId, { tag: 'ended', outcome: 'previewed' })];
  return again(found, { ...action, preview: incoming.event.data.preview }, incoming, facts, now);
}

/** Unsent: decided again. What people said of another effect is void. */
export function decideReturned(incoming: Returned, states: States, facts: Facts, now: Date): Effect[] {
  const found = signedFor(incoming, states, facts);
  if ('because' in found) return [ignore(found.because)];
  const { intent, action } = found;
  const { code, detail, preview: fresh } = incoming.event.data;
  const of = caseOf(intent, facts, incoming.event.id, now);
  const decidable = code === 'WARRANT_EXPIRED' || code === 'PREVIEW_CHANGED';
  if (!decidable || action.returns >= MAX_RETURNS)
    return outcomeOf(intent, action.actionId, deny(of, action, { code, detail }));
  const { preview: _, ...rest } = action;
  const returns = action.returns + 1;
  if (code === 'WARRANT_EXPIRED') return again(found, { ...action, returns }, incoming, facts, now);
  return again(found, { ...rest, ...(fresh ? { preview: fresh } : {}), approvers: [], returns }, incoming, facts, now);
}

/* Approvals */

export function decideGranted(incoming: Verdict, states: States, facts: Facts, now: Date): Effect[] {
  const found = personsWord(incoming, states, facts, now);
  if (Array.isArray(found)) return found;
  const { intent, action, approver } = found;
  if (action.approvers.some(({ sub }) => sub === approver.sub)) return [ignore(`${approver.sub} said so before`)];
  const approvers = [...action.approvers, approver];
  if (approvers.length < action.escalation.needed) return [keep(intent, action.actionId, { ...action, approvers })];
  return again(found, { ...action, approvers }, incoming, facts, now);
}

export function decideRejected(incoming: Verdict, states: States, facts: Facts, now: Date): Effect[] {
  const found = personsWord(incoming, states, facts, now);
  if (Array.isArray(found)) return found;
  const { intent, action, approver } = found;
  const of = caseOf(intent, facts, incoming.event.id, now);
  const detail = `${approver.sub} rejected it: ${approver.reason}`;
  return outcomeOf(intent, action.actionId, deny(of, action, { code: 'APPROVAL_REJECTED', detail }));
}

export function decideExpired(incoming: Expired, states: States, facts: Facts, now: Date): Effect[] {
  const found = escalatedFor(incoming, states);
  if ('because' in found) return [ignore(found.because)];
  const checked = checkedOf(incoming, facts);
  if (checked.tag !== 'signed') return [ignore(`not approval's: ${whyNot(checked)}`)];
  const { intent, action } = found;
  const { expiresAt } = action.escalation;
  if (incoming.record.timestamp < Date.parse(expiresAt) - CLOCK_SLACK_MS) return [ignore('people still have time')];
  return tooLate(intent, action, caseOf(intent, facts, incoming.event.id, now));
}

function tooLate(intent: AcceptedIntent, action: Escalated, of: Case): Effect[] {
  const detail = `nobody decided until ${action.escalation.expiresAt}`;
  return outcomeOf(intent, action.actionId, deny(of, action, { code: 'APPROVAL_EXPIRED', detail }));
}

type Escalated = Extract<OpenAction, { tag: 'escalated' }>;

function escalatedFor(
  incoming: Verdict | Expired,
  states: States,
): { intent: AcceptedIntent; action: Escalated } | { because: string } {
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

/** Guarantee 4: the word of a person, or else what is done without it. */
function personsWord(
  incoming: Verdict,
  states: States,
  facts: Facts,
  now: Date,
): { intent: AcceptedIntent; action: Escalated; approver: Approver } | Effect[] {
  const found = escalatedFor(incoming, states);
  if ('because' in found) return [ignore(found.because)];
  const checked = checkedOf(incoming, facts);
  if (checked.tag !== 'approver' && checked.tag !== 'no-approver')
    return [ignore(`not approval's: ${whyNot(checked)}`)];
  const { intent, action } = found;
  const { id, data } = incoming.event;
  const of = caseOf(intent, facts, id, now);
  const { timestamp } = incoming.record;
  if (timestamp > Date.parse(action.escalation.expiresAt)) return tooLate(intent, action, of);
  if (action.escalation.answered?.includes(id)) return [ignore('answered before')];
  const because = checked.tag === 'approver' ? notTheirsToSay(checked.person, data, found) : checked.because;
  if (because) return outcomeOf(intent, action.actionId, askAgain(of, action, because));
  const { sub, roles } = (checked as Extract<Checked, { tag: 'approver' }>).person;
  return { intent, action, approver: { sub, roles, reason: data.reason, at: new Date(timestamp).toISOString() } };
}

function notTheirsToSay(
  person: Actor,
  { approver }: Verdict['event']['data'],
  { intent, action }: { intent: AcceptedIntent; action: Escalated },
): string | undefined {
  if (person.tenant !== intent.tenant) return 'the approver is of another tenant';
  if (person.sub !== approver.sub) return 'the token is of somebody else than the approver named';
  if (person.sub === intent.actor.sub) return 'SELF_APPROVAL: the approver asked for it';
  if (!person.roles.some((role) => action.escalation.roles.includes(role))) return 'the approver has none of the roles';
  return undefined;
}

/* What they share */

function openAction(
  incoming: About & { event: { tenantid: string } },
  states: States,
): { intent: AcceptedIntent; action: OpenAction } | { because: string } {
  const { intentId, actionId } = incoming.event.data;
  const intent = states.get<Intent>(intentKey(intentId));
  if (intent?.tag !== 'accepted') return { because: 'of no open intent' };
  if (incoming.event.tenantid !== intent.tenant) return { because: 'filed under another tenant' };
  const action = intent.kind === 'action' ? intent.action : states.get<Action>(actionKey(actionId));
  if (!action || action.tag === 'ended' || action.actionId !== actionId) return { because: 'of no open action' };
  return { intent, action };
}

type Result = Of<
  EndType | 'countersign.action.read.v1' | 'countersign.action.previewed.v1' | 'countersign.action.returned.v1'
>;

/** Guarantee 5. */
function signedFor(incoming: Result, states: States, facts: Facts) {
  const checked = checkedOf(incoming, facts);
  if (checked.tag !== 'signed') return { because: `not executor's: ${whyNot(checked)}` };
  const found = openAction(incoming, states);
  if ('because' in found) return found;
  const { action } = found;
  return action.tag === 'granted' && action.jti === incoming.event.data.jti
    ? found
    : { because: 'it answers another warrant' };
}

const whyNot = (checked: Checked) => ('because' in checked ? checked.because : checked.tag);

const sameLine = (event: { tenantid: string; session: string }, intent: AcceptedIntent) =>
  event.tenantid === intent.tenant && event.session === intent.session;

/** Throws when the workflow was taken out while its actions were open: the record is parked, and redriven once it is loaded. */
function caseOf(intent: AcceptedIntent, facts: Facts, causationid: string, now: Date): Case {
  const loaded = facts.workflows.get(intent.workflow);
  if (!loaded)
    throw new Error(`the workflow ${intent.workflow} is not loaded any more; load it and redrive this record`);
  return { intent, loaded, causationid, now };
}

function again(
  found: { intent: AcceptedIntent },
  action: ActionBase,
  incoming: { event: { id: string } },
  facts: Facts,
  now: Date,
): Effect[] {
  const of = caseOf(found.intent, facts, incoming.event.id, now);
  return outcomeOf(found.intent, action.actionId, judge(of, action));
}

const outcomeOf = (intent: AcceptedIntent, actionId: string, { action, event }: Decided): Effect[] => [
  keep(intent, actionId, action),
  emit(event),
];

function keep(intent: AcceptedIntent, actionId: string, action: Action): Effect {
  if (intent.kind === 'intent') return put(actionKey(actionId), action);
  return put(intentKey(intent.intentId), action.tag === 'ended' ? action : { ...intent, action });
}
