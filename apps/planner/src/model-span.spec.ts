import { describe, expect, it } from '@jest/globals';
import type { WorkRow } from '@countersign/messaging';
import { library } from './given.spec-support.js';
import { modelSpan } from './model-span.js';
import type { Message, TurnOutcome } from './state.js';

const messages: Message[] = [
  { role: 'system', content: 'You help readers.' },
  { role: 'user', content: 'Lend me Emma' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'get_book', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: 'c1', content: '{"title":"Emma"}' },
];
const row = {
  ...{
    id: 'turn:int_1:1',
    kind: 'turn',
    target: 'model',
    tenant: 'acme',
    fence: 1,
    attempts: 1,
    status: 'QUEUED' as const,
  },
  createdAt: new Date(0),
  body: { intentId: 'int_1', sessionId: 'ses_1', workflow: 'library', messages: messages as never, maxTokens: 512 },
} satisfies WorkRow;
const answered: TurnOutcome = {
  ...{ tag: 'answered', content: 'Emma is yours.', calls: [], finish: 'stop', attempts: 1, durationMs: 3 },
  usage: { prompt: 40, completion: 5 },
};
const span = (showsContent: boolean) =>
  modelSpan({
    workflows: new Map([['library', library]]),
    model: 'm-1',
    baseUrl: 'https://model.test/v1',
    showsContent,
  });

describe('the span of a model call', () => {
  it('has the names of the GenAI conventions, and no word that was said', () => {
    expect(span(false).begin(row)).toEqual({
      name: 'chat m-1',
      kind: 'client',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'm-1',
        'gen_ai.request.max_tokens': 512,
        'gen_ai.request.temperature': 0,
        'gen_ai.conversation.id': 'ses_1',
        'server.address': 'model.test',
        'server.port': 443,
        'countersign.tenant': 'acme',
        'countersign.intent_id': 'int_1',
      },
    });
    expect(span(false).end(answered)).toEqual({
      'gen_ai.usage.input_tokens': 40,
      'gen_ai.usage.output_tokens': 5,
      'gen_ai.response.finish_reasons': ['stop'],
    });
    expect(span(false).end({ ...answered, finish: 'because Zora said so' })).not.toHaveProperty([
      'gen_ai.response.finish_reasons',
    ]);
    expect(span(false).end({ tag: 'failed', error: 'Zora', attempts: 6, durationMs: 1 })).toEqual({
      'error.type': 'MODEL_FAILED',
      'countersign.code': 'MODEL_FAILED',
    });
  });

  it('holds prompt and answer in the form of the conventions, if that is asked for', () => {
    const { attributes } = span(true).begin(row)!;
    expect(JSON.parse(attributes['gen_ai.input.messages'] as string)).toEqual([
      { role: 'system', parts: [{ type: 'text', content: 'You help readers.' }] },
      { role: 'user', parts: [{ type: 'text', content: 'Lend me Emma' }] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'get_book', arguments: '{}' }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: '{"title":"Emma"}' }] },
    ]);
    expect(JSON.parse(span(true).end(answered)['gen_ai.output.messages'] as string)).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'Emma is yours.' }], finish_reason: 'stop' },
    ]);
  });
});
