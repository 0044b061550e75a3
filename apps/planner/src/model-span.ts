import { placeOf, SPAN, type SpanAttributes, type SpanSpec, type Worker, type WorkRow } from '@countersign/messaging';
import type { Workflow } from '@countersign/workflow-kit';
import type { Message, TurnBody, TurnOutcome } from './state.js';

export interface ModelSpanSettings {
  workflows: ReadonlyMap<string, Workflow>;
  model: string;
  baseUrl: string;
  /** Prompts and answers too, as the model has them: personal values are tokens. */
  showsContent: boolean;
}

/** A turn, as a chat completion of the GenAI conventions: the client's tries are one span. */
export const modelSpan = (settings: ModelSpanSettings): NonNullable<Worker<TurnOutcome>['span']> => ({
  begin: (row) => begins(row, settings),
  end: (outcome) => ended(outcome, settings.showsContent),
});

function begins(row: WorkRow, settings: ModelSpanSettings): SpanSpec {
  const { intentId, sessionId, workflow, maxTokens, messages } = row.body as unknown as TurnBody;
  const { model, baseUrl, workflows, showsContent } = settings;
  return {
    name: `chat ${model}`,
    kind: 'client',
    attributes: {
      [SPAN.genAiOperation]: 'chat',
      [SPAN.provider]: 'openai',
      [SPAN.requestModel]: model,
      [SPAN.maxTokens]: maxTokens,
      [SPAN.temperature]: workflows.get(workflow)?.model.temperature,
      [SPAN.conversation]: sessionId,
      ...placeOf(baseUrl),
      [SPAN.tenant]: row.tenant,
      [SPAN.intentId]: intentId,
      ...(showsContent ? { [SPAN.inputMessages]: JSON.stringify(messages.map(partsOf)) } : {}),
    },
  };
}

function ended(outcome: TurnOutcome, showsContent: boolean): SpanAttributes {
  if (outcome.tag === 'failed') return { [SPAN.errorType]: 'MODEL_FAILED', [SPAN.code]: 'MODEL_FAILED' };
  const { usage, finish, content, calls } = outcome;
  const called = calls.map((call) => ({ type: 'tool_call', id: call.id, name: call.name, arguments: call.arguments }));
  const said = [{ role: 'assistant', parts: [...textOf(content), ...called], finish_reason: finish }];
  return {
    [SPAN.inputTokens]: usage.prompt,
    [SPAN.outputTokens]: usage.completion,
    ...(FINISHES.includes(finish) ? { [SPAN.finishReasons]: [finish] } : {}),
    ...(showsContent ? { [SPAN.outputMessages]: JSON.stringify(said) } : {}),
  };
}

/** All else is in the model's own words. */
const FINISHES = ['stop', 'length', 'tool_calls', 'content_filter', 'function_call'];

const textOf = (content: string | null) => (content === null ? [] : [{ type: 'text', content }]);

/** https://github.com/open-telemetry/semantic-conventions-genai: gen-ai-input-messages.json */
function partsOf(message: Message): { role: string; parts: object[] } {
  if (message.role === 'tool')
    return {
      role: 'tool',
      parts: [{ type: 'tool_call_response', id: message.tool_call_id, response: message.content }],
    };
  const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : [];
  const called = calls.map(({ id, function: { name, arguments: args } }) => ({
    type: 'tool_call',
    id,
    name,
    arguments: args,
  }));
  return { role: message.role, parts: [...textOf(message.content), ...called] };
}
