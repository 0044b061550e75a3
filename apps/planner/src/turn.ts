import { actionIdOf, type Code, type Json } from '@countersign/contracts';
import { emit, ignore, put, work, type Effect, type States, type WorkRow } from '@countersign/messaging/stream';
import type { Workflow } from '@countersign/workflow-kit';
import { errorShown, judgeCalls, looksLikeCall, type JudgedCall } from './calls.js';
import { calledDraft, proposedDraft, type TurnFacts } from './drafts.js';
import { sourceOfTool } from './known.js';
import { promptOf } from './prompt.js';
import { dueRecords, refresh } from './refresh.js';
import { answerReply, failedReply, sendReply } from './reply.js';
import {
  intentKey,
  LIMITS,
  NEW_SESSION,
  sessionKey,
  type Act,
  type IntentState,
  type Message,
  type Plan,
  type SessionState,
  type TurnBody,
  type TurnOutcome,
  type WakeBody,
} from './state.js';
import { bounded, BOUNDS, clean, firstMessages, remembered } from './transcript.js';

/** An intent that has its session, and what its next step needs. */
export interface Held {
  intentId: string;
  plan: Plan;
  session: SessionState;
  workflow: Workflow | undefined;
  now: Date;
}

const LAST_TURN: Message = {
  role: 'system',
  content:
    'Every action of this request has ended. Reply to the user now, from the results above; no tool can be called.',
};
const NOT_A_CALL: Message = {
  role: 'system',
  content:
    'That was no usable answer (INVALID_ARGUMENTS): a call written as text is not a call. Call the tool, or answer in words.',
};

/**
 * Writes down the next turn, or ends the intent where its turns, tokens or authority are used up. A turn that may propose is shown
 * no stale record: those are read again first, once.
 */
export function startTurn(held: Held, last: boolean, isFresh = false): Effect[] {
  const { intentId, plan, workflow, now } = held;
  if (!workflow) return fail(held, 'UNKNOWN_WORKFLOW');
  if (plan.tokens >= workflow.model.tokenBudget) return fail(held, 'BUDGET_EXCEEDED');
  const expired = now.getTime() >= Date.parse(plan.authorityUntil);
  if (expired && plan.turn === 0) return fail(held, 'UNAUTHENTICATED');
  const closing = last || expired;
  if (!closing && plan.turn >= workflow.model.maxTurns) return fail(held, 'BUDGET_EXCEEDED');
  const due = closing || isFresh ? [] : dueRecords(plan, workflow, now);
  if (due.length > 0) return refresh(intentId, plan, due, workflow, now);
  const said = plan.turn === 0 ? opening(held, workflow) : closing ? [...plan.transcript, LAST_TURN] : plan.transcript;
  const transcript = bounded(said, BOUNDS.transcript);
  const tools = closing ? [] : offeredTools(workflow, plan.owner.roles);
  const prompt = promptOf(transcript, plan, workflow, tools, now);
  if (!prompt) return fail(held, 'BUDGET_EXCEEDED');
  const body: TurnBody = {
    intentId,
    sessionId: plan.sessionId,
    workflow: plan.workflow,
    turn: plan.turn,
    cause: plan.cause,
    tools,
    ...prompt,
    last: closing,
  };
  const id = `turn:${intentId}:${plan.turn}`;
  return [
    put(intentKey(intentId), { tag: 'thinking', plan: { ...plan, transcript, pending: [] } } satisfies IntentState),
    put(sessionKey(plan.sessionId), { ...held.session, active: intentId } satisfies SessionState),
    work({ id, kind: 'turn', target: 'model', tenant: plan.owner.tenant, body: body as unknown as Json }),
  ];
}

const opening = ({ plan, session }: Held, workflow: Workflow): Message[] =>
  firstMessages(workflow.prompt, session.history, plan.text, plan.subject);

/** Only what the actor's roles may call is offered; policy checks again. */
const offeredTools = ({ tools }: Workflow, roles: readonly string[]) =>
  tools.filter(({ permissions }) => permissions.roles.some((role) => roles.includes(role))).map(({ name }) => name);

const fail = (held: Held, code: Code) => finish(held, failedReply(code, held.plan, held.plan.turn));

/** Ends an intent: its reply, and its session for the next in line. */
export function finish({ intentId, plan, session, now }: Held, reply: Parameters<typeof sendReply>[2]): Effect[] {
  const history = remembered(session.history, clean(plan.text), clean(reply.text));
  return [
    sendReply(plan.owner, intentId, reply, plan.cause, now),
    put(intentKey(intentId), { tag: 'ended' } satisfies IntentState),
    ...(plan.acts.length > 0 ? [{ do: 'cancel' as const, workId: deadlineId(intentId) }] : []),
    ...release({ ...session, history }, plan),
  ];
}

export const DEADLINE = 'deadline';
/** Longer than any warrant lives after the last proposal: then a decision or a result is lost, and not late. */
export const DEADLINE_GRACE_MS = 20 * 60_000;
const deadlineId = (intentId: string) => `deadline:${intentId}`;

/** One for each intent that acts, written down once: its id is unique for ever. */
function deadline(intentId: string, { owner, sessionId, authorityUntil }: Plan): Effect {
  const notBefore = new Date(Date.parse(authorityUntil) + DEADLINE_GRACE_MS);
  const body = { intentId, sessionId } satisfies WakeBody;
  return work({ id: deadlineId(intentId), kind: DEADLINE, target: 'clock', tenant: owner.tenant, body, notBefore });
}

/** Hands the session to the next in line. Its own state row is touched by the wake's transaction, not by this one. */
export function release(session: SessionState, { sessionId, owner }: Pick<Plan, 'sessionId' | 'owner'>): Effect[] {
  const [next, ...line] = session.line;
  const after: SessionState = { ...session, active: next?.intentId ?? null, line };
  if (!next) return [put(sessionKey(sessionId), after)];
  const body: WakeBody = { intentId: next.intentId, sessionId };
  const id = `wake:${next.intentId}:${next.turn}`;
  // It goes on in its own trace, not in that of the intent it waited for.
  const { traceparent } = next;
  const wake = { id, kind: 'wake', target: 'planner', tenant: owner.tenant, body: { ...body } };
  return [put(sessionKey(sessionId), after), work({ ...wake, ...(traceparent === undefined ? {} : { traceparent }) })];
}

/** The next in line has the session. */
export function decideWake(
  body: WakeBody,
  states: States,
  workflows: ReadonlyMap<string, Workflow>,
  now: Date,
): Effect[] {
  const state = states.get<IntentState>(intentKey(body.intentId));
  const session = states.get<SessionState>(sessionKey(body.sessionId));
  if (state?.tag !== 'queued' || session?.active !== body.intentId) return [ignore('it does not wait in line')];
  const { plan, last } = state;
  return startTurn({ intentId: body.intentId, plan, session, workflow: workflows.get(plan.workflow), now }, last);
}

/** A finished turn: its call is told to audit, and becomes proposals, another turn or the reply. */
export function decideTurn(row: WorkRow, outcome: TurnOutcome, states: States, facts: TurnFacts, now: Date): Effect[] {
  const body = row.body as unknown as TurnBody;
  const state = states.get<IntentState>(intentKey(body.intentId));
  if (state?.tag !== 'thinking' || state.plan.turn !== body.turn) return [ignore('another turn is under way')];
  const session = states.get<SessionState>(sessionKey(body.sessionId)) ?? NEW_SESSION;
  const workflow = facts.workflows.get(body.workflow);
  const calls = outcome.tag === 'answered' ? judged(state.plan, body, outcome, workflow) : [];
  const called = calledDraft(state.plan, body, outcome, calls, facts, now);
  const plan = { ...state.plan, cause: called.id };
  const held: Held = { intentId: body.intentId, plan, session, workflow, now };
  const turns = body.turn + 1;
  if (outcome.tag === 'failed') return [emit(called), ...finish(held, failedReply('MODEL_FAILED', plan, turns))];
  const { prompt, completion } = outcome.usage;
  return [
    emit(called),
    ...takeAnswer({ ...held, plan: { ...plan, tokens: plan.tokens + prompt + completion } }, body, outcome, calls),
  ];
}

/** Its calls by their form; none counts in a last turn, where no tool is offered. */
function judged(
  plan: Plan,
  { turn, last }: TurnBody,
  { calls }: Answered,
  workflow: Workflow | undefined,
): JudgedCall[] {
  if (last || !workflow) return [];
  return judgeCalls(calls, turn, LIMITS.actsPerIntent - plan.acts.length, workflow.tools, callIdsIn(plan.transcript));
}

type Answered = Extract<TurnOutcome, { tag: 'answered' }>;

function takeAnswer(held: Held, body: TurnBody, answer: Answered, calls: JudgedCall[]): Effect[] {
  const { plan, workflow } = held;
  const turns = body.turn + 1;
  const text = answer.content?.trim() ?? '';
  const usable = text !== '' && !looksLikeCall(text);
  if (usable && (body.last || answer.calls.length === 0)) {
    return finish(held, answerReply(text, plan, held.session.history, workflow, turns));
  }
  if (body.last || !workflow)
    return finish(held, failedReply(workflow ? 'MODEL_FAILED' : 'UNKNOWN_WORKFLOW', plan, turns));
  if (answer.calls.length === 0) {
    const said: Message = { role: 'assistant', content: text };
    return nextTurn(held, [said, NOT_A_CALL], false);
  }
  return takeCalls(held, answer, calls);
}

const callIdsIn = (transcript: Message[]) =>
  transcript.flatMap((said) => (said.role === 'assistant' ? (said.tool_calls ?? []).map(({ id }) => id) : []));

function takeCalls(held: Held, { content }: Answered, calls: JudgedCall[]): Effect[] {
  const { intentId, plan, now } = held;
  const said: Message = { role: 'assistant', content, tool_calls: calls.map(({ raw }) => raw) };
  const pending: Plan['pending'] = calls.map((call, index) =>
    call.tag === 'call'
      ? { callId: call.callId, actionId: actionIdOf(intentId, plan.turn, index) }
      : { callId: call.callId, shown: errorShown(call.error) },
  );
  const proposals = calls.flatMap((call, index) =>
    call.tag === 'call' ? [proposedDraft(intentId, plan, askOf(call, index, content), now)] : [],
  );
  if (proposals.length === 0)
    return nextTurn({ ...held, plan: { ...plan, pending } }, [said, ...answers(pending)], false);
  const acts = proposals.map(({ data }): Act => {
    const source = sourceOfTool(held.workflow, data.tool)?.name;
    const reads = source ? { reads: { source, arguments: data.arguments } } : {};
    return { actionId: data.actionId, tool: data.tool, stand: { tag: 'proposed' }, line: '', ...reads };
  });
  const after: Plan = { ...plan, transcript: [...plan.transcript, said], pending, acts: [...plan.acts, ...acts] };
  return [
    ...proposals.map((draft) => emit(draft)),
    put(intentKey(intentId), { tag: 'acting', plan: after } satisfies IntentState),
    ...(plan.acts.length === 0 ? [deadline(intentId, plan)] : []),
  ];
}

type Call = Extract<JudgedCall, { tag: 'call' }>;

const askOf = ({ raw, arguments: args, callId }: Call, index: number, content: string | null) => ({
  ...{ index, tool: raw.function.name, arguments: args, callId },
  ...(content ? { rationale: content } : {}),
});

/** The tool messages of a turn, in the order of its calls. */
export const answers = (pending: Plan['pending']): Message[] =>
  pending.map(({ callId, shown }) => ({ role: 'tool', tool_call_id: callId, content: shown ?? '' }));

export function nextTurn(held: Held, said: Message[], last: boolean): Effect[] {
  const { plan } = held;
  return startTurn(
    { ...held, plan: { ...plan, transcript: [...plan.transcript, ...said], turn: plan.turn + 1 } },
    last,
  );
}
