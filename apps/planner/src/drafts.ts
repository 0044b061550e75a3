import { actionIdOf, eventIdOf, type EventDraft, type Json, type JsonObject } from '@countersign/contracts';
import type { Workflow } from '@countersign/workflow-kit';
import { envelope } from './reply.js';
import type { Plan, TurnBody, TurnOutcome } from './state.js';
import { clean, cut } from './transcript.js';

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

/** What was asked and answered, word for word as it was sent. */
export function calledDraft(
  plan: Plan,
  body: TurnBody,
  outcome: TurnOutcome,
  facts: TurnFacts,
  now: Date,
): EventDraft<'countersign.model.called.v1'> {
  const { intentId, turn, messages, tools, maxTokens } = body;
  const temperature = facts.workflows.get(body.workflow)?.model.temperature ?? null;
  const ended =
    outcome.tag === 'failed'
      ? { response: null, error: cut(clean(outcome.error), 2_000), usage: { prompt: 0, completion: 0 } }
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
    },
  };
}

function told({ content, calls, finish: finishReason }: Extract<TurnOutcome, { tag: 'answered' }>): Json {
  const response = { content, toolCalls: calls, finishReason };
  const text = JSON.stringify(response);
  return text.length <= 120_000 ? (response as unknown as Json) : { truncated: true, text: cut(text, 40_000) };
}
