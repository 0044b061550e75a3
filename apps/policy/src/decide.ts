/*
 * Policy's decisions: on what is asked for here, on results and on people's words beside it. What they guarantee:
 * 1. Only a verified person's intent is accepted, once, under the tenant of the token; a repeat emits nothing.
 * 2. What stands on proposals is a claim: the action's id is recomputed, and tenant, session and workflow are the accepted intent's.
 *    Only the planner's own proposals count, and after the reply, the token's expiry or 15 minutes none does.
 * 3. Nothing is granted unless roles, limits and rules say so; unsure is never yes.
 */
import {
  actionIdOf,
  cut,
  intentIdOf,
  MAX_REQUEST_CHARS,
  payloadFlaw,
  sessionIdOf,
  UNVERIFIED,
} from '@countersign/contracts';
import { emit, ignore, put, type Effect, type States } from '@countersign/messaging/stream';
import { maskWords } from '@countersign/sealing';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { acceptedDraft, refusedDraft, type Denial, type Requested } from './drafts.js';
import { checkedOf, type Checked, type Facts, type Of } from './facts.js';
import { contractNamed, deny, judgeNew, type Ask } from './judge.js';
import { keysOfCall } from './counted.js';
import { caseOf, decidedNew, whyNot } from './open-action.js';
import { withStrangers } from './provenance.js';
import { awaiting, recalled, rememberedSession, withWords } from './session-memory.js';
import { spoken } from './spoken.js';
import { unstorable } from './storable.js';
import { waitForKey } from './waiting.js';
import {
  actionKey,
  AUTHORITY_MS,
  intentKey,
  MAX_PROPOSALS,
  MAX_TEXT_KEPT,
  sessionKey,
  type AcceptedIntent,
  type Action,
  type Intent,
} from './state.js';

type Proposed = Of<'countersign.action.proposed.v1'>;
type Replied = Of<'countersign.reply.sent.v1'>;

export const requested = { touches: requestedTouches, decide: decideRequested };
export const proposed = { touches: proposedTouches, touchesAlso: proposedTouchesAlso, decide: decideProposed };
export const replied = { touches: repliedTouches, decide: decideReplied };

/* Intents */

/** The row is known by the verified tenant alone: what is not verified cannot take another's place. */
export function requestedTouches(incoming: Requested, facts: Facts): string[] {
  const checked = checkedOf(incoming, facts);
  if (checked.tag === 'waiting') return [];
  const key = intentKey(requestedId(incoming, checked));
  if (checked.tag !== 'person') return [key];
  const { data } = incoming.event;
  const loaded = facts.workflows.get(data.workflow);
  const remembered = rememberedSession(loaded, checked.person, data.session);
  return [key, ...countedFor(incoming, checked, loaded), ...(remembered === undefined ? [] : [sessionKey(remembered)])];
}

function countedFor({ event, record }: Requested, checked: Person, loaded: LoadedWorkflow | undefined): string[] {
  if (!('tool' in event.data)) return [];
  const contract = loaded && contractNamed(loaded, event.data.tool);
  if (!contract) return [];
  const { workflow, session, dry_run: dryRun = false } = event.data;
  const { person, said } = checked;
  const whose = { tenant: person.tenant, actor: person, session, workflow, day: dayOf(record.timestamp) };
  const call = { arguments: said?.arguments ?? event.data.arguments, dryRun };
  return keysOfCall(whose, loaded, contract, call);
}

const dayOf = (instant: number) => new Date(instant).toISOString().slice(0, 10);

const requestedId = ({ event }: Requested, checked: Checked) =>
  intentIdOf(checked.tag === 'person' ? checked.person.tenant : UNVERIFIED, event.source, event.id);

export function decideRequested(incoming: Requested, states: States, facts: Facts, now: Date): Effect[] {
  const checked = checkedOf(incoming, facts);
  if (checked.tag === 'waiting') return [waitForKey(incoming, checked.sealed)];
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
  return accept(incoming, checked, intentId, states, facts, now);
}

function accept(
  incoming: Requested,
  checked: Person,
  intentId: string,
  states: States,
  facts: Facts,
  now: Date,
): Effect[] {
  const { event } = incoming;
  const { workflow, session } = event.data;
  const { tenant, sub } = checked.person;
  const remembered = rememberedSession(facts.workflows.get(workflow), checked.person, session);
  const asked = { ...acceptedIntent(incoming, checked, intentId), ...(remembered ? { sessionId: remembered } : {}) };
  const intent = recalled(asked, states);
  const of = caseOf(intent, { facts, states, causationid: event.id, now });
  const sessionId = sessionIdOf(tenant, sub, workflow, session);
  if (!('tool' in event.data)) {
    const accepted = emit(acceptedDraft(of, incoming, sessionId, { said: checked.said }));
    return [put(intentKey(intentId), intent), ...withWords(intent, states), accepted];
  }
  const action: Ask = {
    actionId: actionIdOf(intentId, 0, 0),
    tool: event.data.tool,
    arguments: checked.said?.arguments ?? event.data.arguments,
    dryRun: event.data.dry_run ?? false,
  };
  const decided = judgeNew(of, action);
  return [
    emit(acceptedDraft(of, incoming, sessionId, { action })),
    ...decidedNew(of, action.actionId, decided),
    ...awaiting(intent, decided.action, states),
  ];
}

function acceptedIntent({ event, record }: Requested, checked: Person, intentId: string): AcceptedIntent {
  const { person, expiresAt, said } = checked;
  const { workflow, session } = event.data;
  const words = 'text' in event.data ? spoken(said?.text ?? event.data.text) : undefined;
  return {
    ...{ tag: 'accepted', intentId, tenant: person.tenant, session, actor: person, workflow },
    kind: event.type === 'countersign.action.requested.v1' ? 'action' : 'intent',
    authorityUntil: new Date(Math.min(expiresAt, record.timestamp + AUTHORITY_MS)).toISOString(),
    ...(words ? { text: cut(words.own, MAX_TEXT_KEPT) } : {}),
    ...(words?.quoted ? withStrangers({}, [words.quoted]) : {}),
    ...('subject' in event.data && event.data.subject ? { subjectId: (said?.subject ?? event.data.subject).id } : {}),
    ...(said?.tokens.length ? { tokens: [...said.tokens] } : {}),
    ...{ day: dayOf(record.timestamp), proposals: 0, reads: [] },
  };
}

type Person = Extract<Checked, { tag: 'person' }>;

/** What could be read but neither stored nor published again. */
function malformed({ event, text }: Requested): Denial | undefined {
  const invalid = (detail: string): Denial => ({ code: 'INVALID_ARGUMENTS', detail });
  if (event.id.length > 200 || event.source.length > 200) return invalid('id and source have at most 200 characters');
  if (text.length > MAX_REQUEST_CHARS) return invalid(`${text.length} characters; at most ${MAX_REQUEST_CHARS}`);
  if (/[\u0000-\u001f\u007f]/.test(event.data.session)) return invalid('session: control characters');
  const personal = personalName(event.data);
  if (personal)
    return invalid(`${personal}: it holds what looks like personal data; use a name that says nothing of a person`);
  const flaw = 'tool' in event.data ? payloadFlaw(event.data.arguments) : undefined;
  if (flaw) return invalid(`arguments: ${flaw}`);
  return unstorable(text) ? invalid('the text holds the character U+0000 or half a character') : undefined;
}

/** The name in a request that is a value of a person's: names stand in keys, and cannot be sealed there. */
export function personalName(data: Requested['event']['data']): string | undefined {
  const names = { session: data.session, workflow: data.workflow, ...('tool' in data ? { tool: data.tool } : {}) };
  return Object.entries(names).find(([, name]) => maskWords(name) !== name)?.[0];
}

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

/** The intent alone is looked at first: its action's row, and what it counts against, are known by it. */
function proposedTouches({ event }: Proposed): string[] {
  return [intentKey(event.data.intentId)];
}

function proposedTouchesAlso({ event }: Proposed, states: States, { workflows }: Facts): string[] {
  const intent = states.get<Intent>(intentKey(event.data.intentId));
  if (intent?.tag !== 'accepted' || intent.kind !== 'intent') return [];
  const loaded = workflows.get(intent.workflow);
  const contract = loaded && contractNamed(loaded, event.data.tool);
  return [...(contract ? keysOfCall(intent, loaded, contract, event.data) : []), actionKey(event.data.actionId)];
}

function decideProposed(incoming: Proposed, states: States, facts: Facts, now: Date): Effect[] {
  const { event, record, text } = incoming;
  const checked = checkedOf(incoming, facts);
  if (checked.tag !== 'signed') return [ignore(`not planner's: ${whyNot(checked)}`)];
  const { intentId, actionId, turn, index, tool, dryRun } = event.data;
  const intent = states.get<Intent>(intentKey(intentId));
  if (intent?.tag !== 'accepted' || intent.kind !== 'intent') return [ignore('of no intent that may propose')];
  if (!sameLine(event, intent) || event.data.workflow !== intent.workflow)
    return [ignore('of another tenant, session or workflow than its intent')];
  if (actionId !== actionIdOf(intentId, turn, index)) return [ignore('its id does not follow from its place')];
  if (states.get<Action>(actionKey(actionId))) return [ignore('decided before')];
  const counted = { ...intent, proposals: intent.proposals + 1 };
  const of = caseOf(counted, { facts, states, causationid: event.id, now });
  const flaw =
    text.length > MAX_REQUEST_CHARS || unstorable(text)
      ? 'too long, or not storable'
      : payloadFlaw(event.data.arguments);
  const ask = { actionId, tool, arguments: flaw ? {} : event.data.arguments, dryRun };
  const because = flaw
    ? { code: 'INVALID_ARGUMENTS' as const, detail: flaw }
    : proposalDenial(intent, record.timestamp);
  const decided = because ? deny(of, { ...ask, revision: 0, toolVersion: 'unknown' }, because) : judgeNew(of, ask);
  return [put(intentKey(intentId), counted), ...decidedNew(of, actionId, decided)];
}

function proposalDenial(
  { authorityUntil, proposals, replied }: AcceptedIntent,
  appendedAt: number,
): Denial | undefined {
  if (replied) return { code: 'INTENT_ENDED', detail: 'the authority to propose ended with the reply' };
  if (appendedAt > Date.parse(authorityUntil))
    return { code: 'INTENT_ENDED', detail: `the authority to propose ended ${authorityUntil}` };
  if (proposals >= MAX_PROPOSALS) return { code: 'LIMIT_EXCEEDED', detail: `${MAX_PROPOSALS} proposals an intent` };
  return undefined;
}

const sameLine = (event: { tenantid: string; session: string }, intent: AcceptedIntent) =>
  event.tenantid === intent.tenant && event.session === intent.session;

/* Replies */

function repliedTouches({ event }: Replied): string[] {
  return [intentKey(event.data.intentId)];
}

function decideReplied(incoming: Replied, states: States, facts: Facts): Effect[] {
  const checked = checkedOf(incoming, facts);
  if (checked.tag !== 'signed') return [ignore(`not planner's: ${whyNot(checked)}`)];
  const { intentId } = incoming.event.data;
  const intent = states.get<Intent>(intentKey(intentId));
  if (intent?.tag !== 'accepted' || intent.kind !== 'intent' || intent.replied)
    return [ignore('of no intent that may propose')];
  if (!sameLine(incoming.event, intent)) return [ignore('of another tenant or session than its intent')];
  return [put(intentKey(intentId), { ...intent, replied: true } satisfies Intent)];
}
