import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type CallToolRequest,
  type CallToolResult,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { digest, IDEMPOTENCY_KEY } from '@countersign/contracts';
import { HttpProblem } from '@countersign/host';
import type { CallerIdentity } from '@countersign/identity';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import type { Accepting } from '../accepting.js';
import { hasEnded, type Found, type Status } from '../status-reader.js';
import { refusalOf, resultOf } from './results.js';
import { AWAIT_TOOL, toolList } from './tool-list.js';

/*
 * 1. A call is an action request of its caller, by the same way as POST /v1/actions. Nothing is decided here.
 * 2. The same JSON-RPC id in the same session, or the same key in `_meta`, is the same request: it acts once.
 * 3. A call is answered within WAIT_MS, whatever became of it; who goes away stops waiting, not the action; a cancel ends nothing.
 */
const WAIT_MS = 25_000;
const PROGRESS_MS = 5_000;
/** In `_meta` of a call: the caller's own idempotency key. */
export const KEY_META = 'countersign/idempotencyKey';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;
const awaited = z.strictObject({ actionId: z.string().min(1).max(200) });

export interface Serving {
  caller: CallerIdentity;
  session: string;
  loaded: LoadedWorkflow;
  accepting: Accepting;
  status: Pick<Status, 'untilEnded'>;
}

/** The protocol's server for one request: it remembers nothing between them. */
export function mcpServer(serving: Serving): Server {
  const { loaded, caller } = serving;
  const { name, version, title } = loaded.workflow;
  const server = new Server({ name: `countersign-${name}`, title, version }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: toolList(loaded, caller.person) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const known = params.name === AWAIT_TOOL || loaded.workflow.tools.some((tool) => tool.name === params.name);
    if (!known) throw new McpError(ErrorCode.InvalidParams, `there is no tool ${params.name.slice(0, 100)}`);
    try {
      return await (params.name === AWAIT_TOOL ? again(serving, params, extra) : act(serving, params, extra));
    } catch (error) {
      return refusalOf(error);
    }
  });
  return server;
}

async function act(serving: Serving, params: CallToolRequest['params'], extra: Extra): Promise<CallToolResult> {
  const { caller, session, loaded, accepting } = serving;
  const body = { workflow: loaded.workflow.name, session, tool: params.name, arguments: params.arguments ?? {} };
  const key = keyOf(session, params, extra);
  const { answer } = await accepting.accept('countersign.action.requested.v1', caller, key, body);
  return outcome(serving, answer.actionId!, extra, (found) => hasEnded(found) || found.state === 'waiting');
}

async function again(serving: Serving, params: CallToolRequest['params'], extra: Extra): Promise<CallToolResult> {
  const asked = awaited.safeParse(params.arguments ?? {});
  if (!asked.success)
    throw new HttpProblem('INVALID_ARGUMENTS', 'actionId: that of an earlier result, and nothing else');
  const { actionId } = asked.data;
  // What is not there is not waited for.
  const found = await serving.status.untilEnded('action', serving.caller.person, actionId, AbortSignal.abort());
  if (!found) throw new HttpProblem('NOT_FOUND', `there is no action ${actionId.slice(0, 100)}`);
  return outcome(serving, actionId, extra, hasEnded);
}

function keyOf(session: string, { _meta }: CallToolRequest['params'], { requestId }: Extra): string {
  const own = _meta?.[KEY_META];
  if (own === undefined) return `mcp:${digest({ session, requestId })}`;
  if (typeof own === 'string' && IDEMPOTENCY_KEY.test(own)) return own;
  throw new HttpProblem('INVALID_ARGUMENTS', `_meta ${KEY_META}: 1 to 200 visible ASCII characters`);
}

async function outcome(
  { status, caller, loaded }: Serving,
  actionId: string,
  extra: Extra,
  isEnough: (found: Found) => boolean,
): Promise<CallToolResult> {
  const signal = AbortSignal.any([extra.signal, AbortSignal.timeout(WAIT_MS)]);
  const stop = reportProgress(extra);
  try {
    const found = await status.untilEnded('action', caller.person, actionId, signal, isEnough);
    if (!found) throw new HttpProblem('NOT_FOUND', `there is no action ${actionId.slice(0, 100)}`);
    return resultOf(found, loaded.workflow.approval.expiresInMs);
  } finally {
    stop();
  }
}

/** To whoever asked for it: at once, and every few seconds. */
function reportProgress({ _meta, sendNotification }: Extra): () => void {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  let progress = 0;
  const tell = () => {
    const params = { progressToken, progress: (progress += 1), message: 'not ended yet' };
    // Who has gone is told nothing.
    sendNotification({ method: 'notifications/progress', params }).catch(() => undefined);
  };
  tell();
  const timer = setInterval(tell, PROGRESS_MS);
  return () => clearInterval(timer);
}
