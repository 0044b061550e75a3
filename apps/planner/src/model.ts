import { isDeepStrictEqual } from 'node:util';
import OpenAI from 'openai';
import { z } from 'zod';
import type { Json } from '@countersign/contracts';
import { maskWords } from '@countersign/sealing';
import type { ToolContract } from '@countersign/tool-sdk';
import type { WorkflowModel } from '@countersign/workflow-kit';
import { offered } from './offered.js';
import type { Message, Try, TurnOutcome } from './state.js';
import { clean, cut } from './transcript.js';

export interface ModelConnection {
  apiKey: string;
  baseUrl: string;
  model: string;
  /** Tries after the first: with the client's waits of 0.5 to 8 s, five bridge a model that is away for some 15 s. */
  maxRetries: number;
}

export interface ModelRequest {
  messages: readonly Message[];
  tools: readonly ToolContract[];
  settings: Pick<WorkflowModel, 'temperature' | 'timeoutMs'>;
  /** Tokens the answer may have. */
  maxTokens: number;
  signal: AbortSignal;
}

export type Model = (request: ModelRequest) => Promise<TurnOutcome>;

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const KEPT = { content: 32_000, arguments: 16_000, allArguments: 64_000, calls: 64, raw: 8_000 } as const;

/** The chat-completions wire through the `openai` client. What comes back is hostile: checked, cleaned and cut to size. */
export function connectModel({ apiKey, baseUrl, model, maxRetries }: ModelConnection): Model {
  const client = new OpenAI({ apiKey, baseURL: baseUrl, maxRetries, logLevel: 'off' });
  return async (request) => {
    const started = performance.now();
    const wire = countingFetch();
    const spent = () => ({ attempts: wire.tries.length, tries: wire.tries, durationMs: since(started) });
    try {
      const completion: unknown = await client
        .withOptions({ fetch: wire.fetch })
        .chat.completions.create(toWire(model, request), {
          signal: request.signal,
          timeout: request.settings.timeoutMs,
        });
      return { ...readCompletion(completion, request), ...spent() } as TurnOutcome;
    } catch (error) {
      // Shutting down is not the model's failure: the turn goes back and is taken again under the same id.
      if (request.signal.aborted) throw error;
      const raw = error instanceof NoCompletion ? { raw: said(error.raw, KEPT.raw) } : {};
      return { tag: 'failed', error: said(describe(error), 2_000), ...raw, ...spent() };
    }
  };
}

const describe = (error: unknown) =>
  error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error);

function toWire(
  model: string,
  { messages, tools, settings, maxTokens }: ModelRequest,
): OpenAI.ChatCompletionCreateParamsNonStreaming {
  const functions = tools.map((contract) => ({
    type: 'function' as const,
    function: offered(contract),
  }));
  return {
    model,
    messages: messages as OpenAI.ChatCompletionMessageParam[],
    temperature: settings.temperature,
    max_completion_tokens: maxTokens,
    ...(functions.length > 0 ? { tools: functions } : {}),
  };
}

const since = (started: number) => Math.round(performance.now() - started);

/** Keeps what came of each of the client's tries, and bounds what one may answer. */
function countingFetch() {
  const tries: Try[] = [];
  const counted: typeof fetch = async (input, init) => {
    const began = performance.now();
    const response = await fetch(input, init).catch((error: unknown) => {
      tries.push({ error: said(describe(error), 200), durationMs: since(began) });
      throw error;
    });
    const { status, statusText, headers } = response;
    tries.push({ status, durationMs: since(began) });
    return response.body
      ? new Response(response.body.pipeThrough(atMost(MAX_ANSWER_BYTES)), { status, statusText, headers })
      : response;
  };
  return { fetch: counted, tries };
}

function atMost(limit: number): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > limit) controller.error(new Error(`the model answered more than ${limit} bytes`));
      else controller.enqueue(chunk);
    },
  });
}

const functionCall = z.object({
  id: z.string().catch(''),
  function: z.object({ name: z.string().catch(''), arguments: z.string().catch('') }),
});
const completion = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          tool_calls: z.array(z.unknown()).nullish(),
        }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: z
    .object({ prompt_tokens: z.int().nonnegative(), completion_tokens: z.int().nonnegative() })
    .nullish()
    .catch(null),
});

type Answered = Omit<Extract<TurnOutcome, { tag: 'answered' }>, 'attempts' | 'durationMs'>;

class NoCompletion extends Error {
  constructor(
    because: string,
    readonly raw: string,
  ) {
    super(`the model's answer is no chat completion: ${because}`);
  }
}

const asText = (answer: unknown) => (typeof answer === 'string' ? answer : (JSON.stringify(answer) ?? 'nothing'));

/** Throws with what is missing when the answer is no chat completion. */
function readCompletion(answer: unknown, request: ModelRequest): Answered {
  const parsed = completion.safeParse(answer);
  if (!parsed.success) throw new NoCompletion(z.prettifyError(parsed.error), asText(answer));
  const { message, finish_reason } = parsed.data.choices[0]!;
  const words = message.content ?? message.refusal ?? null;
  const content = words === null ? null : said(words, KEPT.content);
  const calls = readCalls(message.tool_calls ?? []);
  return {
    tag: 'answered',
    content,
    calls,
    finish: said(finish_reason ?? '', 100),
    usage: usageOf(parsed.data.usage, request, answer),
  };
}

/**
 * Words of the model's own. Personal values that it may use it has as tokens: one that it spells out was made up, or got past the seals, and
 * does not go on.
 */
const said = (text: string, length: number): string => clean(cut(maskWords(text), length));

/** The same of JSON, whatever its escapes; what is none, or nested too deep to be walked through, is text. */
function maskedJson(text: string): string {
  try {
    const value = JSON.parse(text) as Json;
    const masked = maskWords(value);
    // As it came, if nothing is hidden: a key that stands twice in it is refused later.
    return isDeepStrictEqual(masked, value) ? text : JSON.stringify(masked);
  } catch {
    return maskWords(text);
  }
}

function readCalls(given: unknown[]): Answered['calls'] {
  let room: number = KEPT.allArguments;
  return given.slice(0, KEPT.calls).map((raw) => {
    const parsed = functionCall.safeParse(raw);
    if (!parsed.success) return { id: '', name: '', arguments: '{}', flaw: 'it is no function call' };
    const { id, function: called } = parsed.data;
    const named = { id: said(id, 200), name: said(called.name, 200) };
    if (called.arguments.length > Math.min(KEPT.arguments, room)) {
      return {
        ...named,
        arguments: '{}',
        flaw: `the arguments are ${called.arguments.length} characters long, at most ${KEPT.arguments} are read`,
      };
    }
    room -= called.arguments.length;
    return { ...named, arguments: maskedJson(clean(called.arguments)) };
  });
}

/** Where a server names no usage, four characters count as a token: the budget holds either way. */
function usageOf(
  usage: z.infer<typeof completion>['usage'],
  { messages }: ModelRequest,
  answer: unknown,
): Answered['usage'] {
  if (usage) return { prompt: usage.prompt_tokens, completion: usage.completion_tokens };
  const tokens = (value: unknown) => Math.ceil(JSON.stringify(value).length / 4);
  return { prompt: tokens(messages), completion: tokens(answer) };
}
