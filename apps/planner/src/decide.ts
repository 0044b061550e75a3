/*
 * The planner's decisions (this file and turn.ts). What they guarantee:
 * 1. An intent is replied to once: whatever comes twice, early or late changes nothing, and the reply's id is the intent's.
 * 2. Nothing is believed that policy (decisions) or the executor (results) did not sign.
 * 3. A session has one turn under way. What waits for a person does not hold it; whoever waits in line has it next.
 * 4. Model output is hostile: what is no readable call becomes an error the model sees, never an exception and never an answer.
 * 5. Once a person was asked, the model may only reply. A reply proposes nothing.
 * 6. A turn that may propose is shown no record older than its source allows: such records are read again first, by policy's leave.
 * 7. A reply says nothing that no record shows (claims.ts).
 * 8. Turns, tokens, calls, actions, lines and texts are bounded, and an intent that meets a bound is still replied to.
 */
import type { CloudEvent, EventData, Incoming } from '@countersign/contracts';
import { ignore, put, type Effect, type States } from '@countersign/messaging/stream';
import type { Workflow } from '@countersign/workflow-kit';
import { learned } from './learn.js';
import { outcomeOf, type OutcomeEvent } from './outcome.js';
import { withoutOpen } from './refresh.js';
import { failedReply, OUTSIDE, replyFromOutcome, sendReply } from './reply.js';
import {
  intentKey,
  LIMITS,
  NEW_SESSION,
  sessionKey,
  type IntentState,
  type Outcome,
  type Owner,
  type Plan,
  type SessionState,
} from './state.js';
import { answers, nextTurn, release, startTurn } from './turn.js';

export interface Facts {
  /** Records not signed by the service their type belongs to: `positionOf`. */
  forged: ReadonlySet<string>;
  workflows: ReadonlyMap<string, Workflow>;
}

export const positionOf = ({ topic, partition, offset }: Incoming['record']) => `${topic}/${partition}/${offset}`;

type Accepted = Incoming & { event: CloudEvent<'countersign.intent.accepted.v1'> };

export function decideAccepted(incoming: Accepted, states: States, facts: Facts, now: Date): Effect[] {
  const { record, event } = incoming;
  if (facts.forged.has(positionOf(record))) return [ignore('not signed by policy')];
  const { data } = event;
  const before = states.get<IntentState>(intentKey(data.intentId));
  if (before && before.tag !== 'early') return [ignore('already accepted')];
  return data.action ? acceptAction(event, before?.outcomes ?? [], now) : acceptIntent(incoming, states, facts, now);
}

const ownerOf = ({ actor, session }: EventData<'countersign.intent.accepted.v1'>): Owner => ({
  tenant: actor.tenant,
  sub: actor.sub,
  roles: actor.roles,
  session,
});

/** One tool call, decided without a model: policy has it already, and its outcome becomes the reply. */
function acceptAction({ data }: Accepted['event'], early: Outcome[], now: Date): Effect[] {
  const { actionId, tool, dryRun } = data.action!;
  const state: Extract<IntentState, { tag: 'single' }> = {
    tag: 'single',
    owner: ownerOf(data),
    actionId,
    tool,
    dryRun,
  };
  const end = early
    .map((outcome) => settleSingle(data.intentId, state, outcome, outcome.cause, now))
    .find(({ length }) => length > 0);
  return end ?? [put(intentKey(data.intentId), state)];
}

/** Empty while the action goes on. */
function settleSingle(
  intentId: string,
  state: Extract<IntentState, { tag: 'single' }>,
  outcome: Outcome,
  cause: string,
  now: Date,
): Effect[] {
  const { stand, actionId } = outcome;
  if (actionId !== state.actionId || stand.tag !== 'ended') return [];
  if (stand.outcome === 'previewed' && !state.dryRun) return [];
  return [
    sendReply(state.owner, intentId, replyFromOutcome(outcome), cause, now),
    put(intentKey(intentId), { tag: 'ended' } satisfies IntentState),
  ];
}

function acceptIntent({ event, headers }: Accepted, states: States, facts: Facts, now: Date): Effect[] {
  const { data } = event;
  const traceparent = headers['traceparent'];
  const { intentId, sessionId, subject } = data;
  const plan: Plan = {
    owner: ownerOf(data),
    sessionId,
    workflow: data.workflow,
    authorityUntil: data.authorityUntil,
    text: data.text ?? '',
    ...(subject ? { subject } : {}),
    transcript: [],
    turn: 0,
    tokens: 0,
    acts: [],
    pending: [],
    known: [],
    seen: [],
    cause: event.id,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  if (facts.workflows.get(plan.workflow)?.agent === 'outside') return leaveOutside(intentId, plan, now);
  const session = states.get<SessionState>(sessionKey(sessionId)) ?? NEW_SESSION;
  if (session.active === null)
    return startTurn({ intentId, plan, session, workflow: facts.workflows.get(plan.workflow), now }, false);
  if (session.line.length >= LIMITS.line) return turnAway(intentId, plan, now);
  return enqueue(intentId, plan, session, false);
}

/** Guarantee 1, of an intent that is not planned here: no model is asked, and nothing is done because of it alone. */
function leaveOutside(intentId: string, plan: Plan, now: Date): Effect[] {
  return [
    sendReply(plan.owner, intentId, OUTSIDE, plan.cause, now),
    put(intentKey(intentId), { tag: 'ended' } satisfies IntentState),
  ];
}

function turnAway(intentId: string, plan: Plan, now: Date): Effect[] {
  const reply = failedReply('RATE_LIMITED', plan, 0);
  return [
    sendReply(plan.owner, intentId, reply, plan.cause, now),
    put(intentKey(intentId), { tag: 'ended' } satisfies IntentState),
  ];
}

function enqueue(intentId: string, plan: Plan, session: SessionState, last: boolean): Effect[] {
  const { turn, traceparent } = plan;
  const line = [...session.line, { intentId, turn, ...(traceparent === undefined ? {} : { traceparent }) }];
  return [
    put(intentKey(intentId), { tag: 'queued', plan, last } satisfies IntentState),
    put(sessionKey(plan.sessionId), { ...session, line } satisfies SessionState),
  ];
}

/** A decision or a result that says where an action stands. */
export function decideOutcome(
  { record, event }: Incoming & { event: OutcomeEvent },
  states: States,
  facts: Facts,
  now: Date,
): Effect[] {
  if (facts.forged.has(positionOf(record))) return [ignore(`${event.type} is not signed by its owner`)];
  const { intentId } = event.data;
  const state = states.get<IntentState>(intentKey(intentId)) ?? { tag: 'early', outcomes: [] };
  switch (state.tag) {
    case 'early':
      return keepEarly(intentId, state.outcomes, outcomeOf(event));
    case 'single': {
      const effects = settleSingle(intentId, state, outcomeOf(event), event.id, now);
      return effects.length > 0 ? effects : [ignore('the action goes on')];
    }
    case 'acting':
    case 'waiting':
    case 'refreshing':
      return settleAct(event, state, states, facts, now);
    case 'queued':
    case 'thinking':
    case 'ended':
      return [ignore(`the intent is ${state.tag}`)];
    default:
      return unreachable(state);
  }
}

function keepEarly(intentId: string, outcomes: Outcome[], outcome: Outcome): Effect[] {
  if (outcomes.length >= LIMITS.early) return [ignore('enough came before the acceptance')];
  return [put(intentKey(intentId), { tag: 'early', outcomes: [...outcomes, outcome] } satisfies IntentState)];
}

type Acting = Extract<IntentState, { tag: 'acting' | 'waiting' | 'refreshing' }>;

function settleAct(event: OutcomeEvent, state: Acting, states: States, facts: Facts, now: Date): Effect[] {
  const { intentId } = event.data;
  const outcome = outcomeOf(event);
  const act = state.plan.acts.find(({ actionId }) => actionId === outcome.actionId);
  if (!act || act.stand.tag === 'ended')
    return [ignore(act ? 'the action has ended' : 'this intent proposed no such action')];
  if (outcome.stand.tag === 'ended' && outcome.stand.outcome === 'previewed')
    return [ignore('policy decides on the preview')];
  const workflow = facts.workflows.get(state.plan.workflow);
  const plan = afterOutcome(state, outcome, event, workflow);
  if (plan.acts.some(({ stand }) => stand.tag === 'proposed'))
    return [put(intentKey(intentId), { ...state, plan } satisfies IntentState)];
  const session = states.get<SessionState>(sessionKey(plan.sessionId)) ?? NEW_SESSION;
  const held = { intentId, plan, session, workflow, now };
  if (state.tag === 'refreshing') return startTurn(held, false, true);
  if (plan.acts.some(({ stand }) => stand.tag === 'open')) {
    const freed = state.tag === 'acting' ? release(session, plan) : [];
    return [put(intentKey(intentId), { tag: 'waiting', plan } satisfies IntentState), ...freed];
  }
  if (state.tag === 'acting') return nextTurn(held, answers(plan.pending), plan.acts.some(decidedByPerson));
  const closing: Plan = {
    ...plan,
    transcript: [...plan.transcript, ...answers(plan.pending)],
    turn: plan.turn + 1,
    pending: [],
  };
  return session.active === null
    ? startTurn({ ...held, plan: closing }, true)
    : enqueue(intentId, closing, session, true);
}

/** What a person refused, or nobody decided, is not proposed again in other words. */
const decidedByPerson = ({ stand }: Plan['acts'][number]) =>
  stand.tag === 'ended' && (stand.code === 'APPROVAL_REJECTED' || stand.code === 'APPROVAL_EXPIRED');

function afterOutcome(
  { tag, plan }: Acting,
  outcome: Outcome,
  event: OutcomeEvent,
  workflow: Workflow | undefined,
): Plan {
  if (tag === 'refreshing' && outcome.stand.tag === 'open') return withoutOpen(plan, outcome.actionId);
  return learned(withOutcome(plan, outcome), event, workflow);
}

function withOutcome(plan: Plan, { actionId, stand, shown, line, cause }: Outcome): Plan {
  return {
    ...plan,
    cause,
    acts: plan.acts.map((act) => (act.actionId === actionId ? { ...act, stand, line } : act)),
    pending: plan.pending.map((call) => (call.actionId === actionId ? { ...call, shown } : call)),
  };
}

const unreachable = (state: never): never => {
  throw new Error(`no such state ${JSON.stringify(state)}`);
};
