import { actionIdOf, eventIdOf, type EventDraft, type Json, type JsonObject } from '@countersign/contracts';
import type { Workflow } from '@countersign/workflow-kit';
import { envelope } from './reply.js';
import type { Plan, TurnBody, TurnOutcome } from './state.js';
import type { JudgedCall } from './calls.js';
import { offered } from './offered.js';
import { BOUNDS, clean, cut } from './transcript.js';

/** What an action is asked for with. Its id follows from its place: the intent's turn and the call's index in it. */
export interface Ask {
  index: number;
  tool: string;
  arguments: JsonObject;
  callId: string;
  rationale?: string;
}

export function proposedDraft(
  intentId: string,
  plan: Plan,
  { rationale, ...ask }: Ask,
  now: Date,
): EventDraft<'countersign.action.proposed.v1'> {
  const actionId = actionIdOf(intentId, plan.turn, ask.index);
  const why = rationale?.trim() ? { rationale: cut(rationale.trim(), 4_000) } : {};
  return {
    ...envelope(plan.owner, intentId, plan.cause, now),
    type: 'countersign.action.proposed.v1',
    id: eventIdOf('countersign.action.proposed.v1', actionId),
    subject: actionId,
    data: { intentId, actionId, turn: plan.turn, workflow: plan.workflow, ...ask, dryRun: false, ...why },
  };
}

export interface TurnFacts {
  workflows: ReadonlyMap<string, Workflow>;
  model: string;
}

/** What was asked and answered, word for word as it was sent, and what of it was no usable call. */
export function calledDraft(
  plan: Plan,
  body: TurnBody,
  outcome: TurnOutcome,
  calls: readonly JudgedCall[],
  facts: TurnFacts,
  now: Date,
): EventDraft<'countersign.model.called.v1'> {
  const { intentId, turn, messages, maxTokens } = body;
  const workflow = facts.workflows.get(body.workflow);
  const temperature = workflow?.model.temperature ?? null;
  const tools = toolsSent(body.tools, workflow);
  const refused = calls.flatMap((call) => (call.tag === 'error' ? [{ callId: call.callId, ...call.error }] : []));
  const { tries = [] } = outcome;
  const ended =
    outcome.tag === 'failed'
      ? { response: unread(outcome), error: cut(clean(outcome.error), 2_000), usage: { prompt: 0, completion: 0 } }
      : { response: told(outcome), usage: outcome.usage };
  return {
    ...envelope(plan.owner, intentId, plan.cause, now),
    type: 'countersign.model.called.v1',
    id: eventIdOf('countersign.model.called.v1', intentId, turn),
    subject: intentId,
    data: {
      intentId,
      turn,
      model: facts.model,
      request: { messages, tools, temperature, maxTokens } as unknown as Json,
      ...ended,
      attempts: outcome.attempts,
      durationMs: outcome.durationMs,
      ...(tries.length > 1 ? { tries: tries.slice(0, 50) } : {}),
      ...(refused.length > 0 ? { refused } : {}),
    },
  };
}

/** The definitions; where they are too long for an event, their names, which the workflow's version tells the rest of. */
function toolsSent(names: readonly string[], workflow: Workflow | undefined): unknown[] {
  const definitions = workflow?.tools.filter(({ name }) => names.includes(name)).map(offered) ?? [];
  const fits = definitions.length === names.length && JSON.stringify(definitions).length <= BOUNDS.tools;
  return fits ? definitions : [...names];
}

const unread = ({ raw }: Extract<TurnOutcome, { tag: 'failed' }>): Json => (raw === undefined ? null : { raw });

function told({ content, calls, finish: finishReason }: Extract<TurnOutcome, { tag: 'answered' }>): Json {
  const response = { content, toolCalls: calls, finishReason };
  const text = JSON.stringify(response);
  return text.length <= 120_000 ? (response as unknown as Json) : { truncated: true, text: cut(text, 40_000) };
}
