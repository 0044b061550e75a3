import { hash } from 'node:crypto';
import { tool, type InferToolInput, type ModelMessage, type Tool, type ToolExecutionOptions, type ToolSet } from 'ai';
import { deriveId, type JsonObject } from '@countersign/contracts';
import { z } from 'zod';
import type { Client } from './client.js';
import { CountersignError, invalid } from './errors.js';
import { outcomeOf, refusalOf, unansweredOf, type GovernedOutcome } from './governed-outcome.js';

/** One call of a tool, as the AI SDK makes it. */
export interface GovernedCall {
  tool: string;
  toolCallId: string;
  input: unknown;
  messages: ModelMessage[];
  /** The tool's own, of `toolsContext`. */
  context: unknown;
}

export interface GovernedOptions<STATUS extends string = 'action_status'> {
  client: Client;
  /** Whose rules judge the calls. The tools have the names they have in this workflow. */
  workflow: string;
  /** The conversation: one of its own for each. */
  session: string;
  /** The end user's, asked for at each call; without it the client's own. */
  token?: (call: GovernedCall) => string | Promise<string>;
  /** How long a call waits for its outcome before the model is told that it runs; 20 000 by default. */
  waitMs?: number;
  /** Name of the tool that tells what became of an action; `action_status` by default. */
  statusTool?: STATUS;
  /** By default the same call of the same turn of the same session is the same request, however often it is executed. */
  idempotencyKey?: (call: GovernedCall) => string;
}

/** The same tools, each with what governs it as its result, and one that tells what became of an action. */
export type Governed<TOOLS extends ToolSet, STATUS extends string = 'action_status'> = {
  [NAME in keyof TOOLS]: Tool<InferToolInput<TOOLS[NAME]>, GovernedOutcome>;
} & Record<STATUS, Tool<{ actionId: string; waitSeconds?: number | undefined }, GovernedOutcome>>;

const WAIT_MS = 20_000;
const MOST_WAIT_S = 60;

/**
 * Turns tools of the Vercel AI SDK (`ai` 7) into governed actions: the model sees the same names, descriptions and schemas, but a call asks
 * Countersign instead of running `execute`, which is dropped with `toModelOutput`. Policy decides, people approve, the workflow's own tool of that name acts.
 * What became of it is the result that the model reads (`GovernedOutcome`): done, refused with code and next step, or pending,
 * to be asked for by the status tool.
 *
 * @throws CountersignError `INVALID_ARGUMENTS` for a tool that the model's provider executes (nothing could govern it), and
 *   for one that has the status tool's name. A call throws (the SDK's `tool-error`) for a token that is not valid.
 * @example
 * const tools = governed({ issue_refund: tool({ description, inputSchema }) }, {
 *   client, workflow: 'support-desk', session: chat.id, token: () => user.accessToken(),
 * });
 * const { text } = await generateText({ model, tools, prompt, stopWhen: stepCountIs(8) });
 */
export function governed<TOOLS extends ToolSet, STATUS extends string = 'action_status'>(
  tools: TOOLS,
  options: GovernedOptions<STATUS>,
): Governed<TOOLS, STATUS> {
  const statusTool = options.statusTool ?? 'action_status';
  const wrapped: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(tools)) {
    if (name === statusTool)
      throw invalid([{ path: name, message: 'the status tool has this name; give it another with `statusTool`' }]);
    if (given.type === 'provider' && given.isProviderExecuted)
      throw invalid([
        { path: name, message: "the model's provider executes it, so nothing can govern it; leave it out" },
      ]);
    const { execute: _, outputSchema: _o, toModelOutput: _m, ...shown } = given as Tool;
    wrapped[name] = { ...shown, execute: executeOf(name, options, statusTool) };
  }
  wrapped[statusTool] = statusToolOf(options, statusTool);
  return wrapped as Governed<TOOLS, STATUS>;
}

type Execution = ToolExecutionOptions<unknown>;
type Options = GovernedOptions<string>;

const callOf = (name: string, input: unknown, { toolCallId, messages, context }: Execution): GovernedCall => ({
  tool: name,
  toolCallId,
  input,
  messages,
  context,
});

const perCall = ({ token }: Options, call: GovernedCall, { abortSignal }: Execution) => ({
  ...(token ? { token: () => token(call) } : {}),
  ...(abortSignal ? { signal: abortSignal } : {}),
});

function executeOf(name: string, options: Options, statusTool: string) {
  const { client, workflow, session, waitMs = WAIT_MS } = options;
  return async (input: unknown, execution: Execution): Promise<GovernedOutcome> => {
    const call = callOf(name, input, execution);
    const idempotencyKey = options.idempotencyKey?.(call) ?? keyOf(options, call);
    const request = { workflow, session, tool: name, arguments: input as JsonObject };
    const how = perCall(options, call, execution);
    let actionId: string;
    try {
      ({ actionId } = await client.requestAction(request, { ...how, idempotencyKey }));
    } catch (error) {
      return told(error);
    }
    return watched(client, actionId, { ...how, timeoutMs: waitMs }, statusTool);
  };
}

/** The action as it stands after so long. One that was taken is never called refused or unknown because asking after it went wrong. */
async function watched(
  client: Client,
  actionId: string,
  how: NonNullable<Parameters<Client['waitForAction']>[1]>,
  statusTool: string,
  otherwise: (error: CountersignError) => GovernedOutcome | undefined = () => undefined,
): Promise<GovernedOutcome> {
  try {
    return outcomeOf(await client.waitForAction(actionId, how), statusTool);
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return otherwise(error) ?? outcomeOf({ actionId, intentId: '', state: 'requested' }, statusTool);
  }
}

/** To who asks for an action by its id: that there is none, or that its token is not valid, is an answer. */
function unknownAction(error: CountersignError): GovernedOutcome | undefined {
  if (error.status === 401) throw error;
  return error.status === 404 ? refusalOf(error) : undefined;
}

/** Of a request whose answer does not say that it was taken. */
function told(error: unknown): GovernedOutcome {
  if (!(error instanceof CountersignError) || error.status === 401) throw error;
  return refusalOf(error) ?? unansweredOf(error);
}

function statusToolOf(options: Options, statusTool: string) {
  const { client, waitMs = WAIT_MS } = options;
  return tool({
    description:
      'Tells what became of an action that was pending or running: done, refused, or still pending. Give the actionId that the call answered.',
    inputSchema: z.strictObject({
      actionId: z.string().min(1).max(200),
      waitSeconds: z.number().min(0).max(MOST_WAIT_S).optional().describe('How long to wait for a change, at most 60'),
    }),
    execute: ({ actionId, waitSeconds }, execution): Promise<GovernedOutcome> => {
      const how = perCall(options, callOf(statusTool, { actionId, waitSeconds }, execution), execution);
      const timeoutMs = waitSeconds === undefined ? waitMs : waitSeconds * 1000;
      return watched(client, actionId, { ...how, timeoutMs, throughApproval: true }, statusTool, unknownAction);
    },
  });
}

/**
 * From what the call is: some models number their calls anew each turn, so which turn it is stands in it as well. Executed again (a
 * workflow that resumes, a repeated request, a history that was annotated), it is the same action; said again in a later turn, it is another.
 */
function keyOf({ workflow, session }: Options, { tool: name, toolCallId, input, messages }: GovernedCall): string {
  const turn = messages.filter(({ role }) => role === 'assistant').length;
  const asked = hash('sha256', JSON.stringify(input), 'hex');
  return deriveId('ai', workflow, session, name, toolCallId, turn, asked);
}
