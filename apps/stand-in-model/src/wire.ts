import { createHash } from 'node:crypto';
import { z } from 'zod';

const part = z.looseObject({ type: z.string(), text: z.string().optional() });
const content = z
  .union([z.string(), z.array(part).transform((parts) => parts.map(({ text = '' }) => text).join('\n'))])
  .nullish()
  .transform((text) => text ?? '');
const toolCall = z.looseObject({
  id: z.string(),
  type: z.literal('function').default('function'),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});
const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content,
  tool_calls: z.array(toolCall).nullish(),
  tool_call_id: z.string().optional(),
});
export type ChatMessage = z.infer<typeof message>;

const tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: z.string(),
    description: z.string().default(''),
    parameters: z.record(z.string(), z.unknown()).default({}),
  }),
});
export type ChatTool = z.infer<typeof tool>['function'];

/** The part of a chat-completions request that the stand-in looks at; the rest is accepted and ignored. */
export const chatRequest = z.looseObject({
  model: z.string().min(1),
  messages: z.array(message).min(1),
  tools: z.array(tool).default([]),
  tool_choice: z.union([z.enum(['none', 'auto', 'required']), z.looseObject({})]).optional(),
  stream: z.literal(false, 'the stand-in does not stream').nullish(),
});
export type ChatRequest = z.infer<typeof chatRequest>;

/** What the stand-in says: text, or calls with what it thinks of them. */
export interface Said {
  content: string | null;
  calls: { id?: string; name: string; arguments: string }[];
}

const hash = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 24);
/** About what a tokenizer would count for English text. */
const tokens = (text: string) => Math.ceil(text.length / 4);

/** An answer on the wire. Equal requests get equal answers, `created` excepted. */
export function completion(request: ChatRequest, said: Said, now: number): object {
  const calls = said.calls.map(({ id, name, arguments: args }, index) => ({
    id: id ?? `call_${hash([request.messages, name, args, index])}`,
    type: 'function',
    function: { name, arguments: args },
  }));
  const prompt = tokens(JSON.stringify([request.messages, request.tools]));
  const used = tokens((said.content ?? '') + JSON.stringify(calls));
  return {
    id: `chatcmpl-${hash([request.messages, said])}`,
    object: 'chat.completion',
    created: Math.floor(now / 1000),
    model: request.model,
    system_fingerprint: 'stand-in',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: said.content,
          refusal: null,
          ...(calls.length > 0 ? { tool_calls: calls } : {}),
        },
        logprobs: null,
        finish_reason: calls.length > 0 ? 'tool_calls' : 'stop',
      },
    ],
    usage: { prompt_tokens: prompt, completion_tokens: used, total_tokens: prompt + used },
  };
}

export const wireError = (message: string, code: string) => ({
  error: { message, type: code === 'rate_limit_exceeded' ? 'requests' : 'invalid_request_error', param: null, code },
});
