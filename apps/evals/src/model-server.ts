import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ModelTurn } from '@countersign/evals';

type Turn = ModelTurn;

/** Where a planner asks that has one place for all intents. */
export const CURRENT = 'current';

interface Script {
  turns: Turn[];
  asked: number;
}

/** What the case says, over the chat-completions wire: each intent has a place of its own and is given its turns one by one. */
export class ModelServer {
  private readonly scripts = new Map<string, Script>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ModelServer> {
    const server = createServer((request, response) => {
      request.resume().once('end', () => model.answer(request.url ?? '', response));
    });
    server.keepAliveTimeout = 60_000;
    const model = new ModelServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return model;
  }

  /** `CURRENT`: of whichever intent was recorded last. */
  urlFor(intentId: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${intentId}`;
  }

  record(intentId: string, turns: readonly ModelTurn[]): void {
    this.scripts.set(intentId, { turns: turns.flatMap((turn) => Array<Turn>(turn.times).fill(turn)), asked: 0 });
  }

  /** Why the recording did not do, if so. */
  flawOf(intentId: string): string | undefined {
    const script = this.scripts.get(intentId);
    if (!script || script.asked <= script.turns.length) return undefined;
    return `the model was asked for turn ${script.asked}, and the case has ${script.turns.length}`;
  }

  forget(intentId: string): void {
    this.scripts.delete(intentId);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private answer(url: string, response: ServerResponse): void {
    const named = url.split('/')[1] ?? '';
    const intentId = named === CURRENT ? ([...this.scripts.keys()].at(-1) ?? '') : named;
    const script = this.scripts.get(intentId);
    const turn = script && script.turns[script.asked++];
    if (!turn) return send(response, 400, { error: { message: 'no turn is recorded for this request' } });
    if ('status' in turn) return send(response, turn.status, { error: { message: 'as the case says' } });
    if ('raw' in turn) return send(response, 200, turn.raw);
    return send(response, 200, completion(turn, `${intentId.slice(-8)}-${script.asked}`));
  }
}

function send(response: ServerResponse, status: number, body: object | string): void {
  // The client's own waits are half a second and more.
  response.writeHead(status, { 'content-type': 'application/json', 'retry-after-ms': '1' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

function completion(turn: Extract<Turn, { says?: string | undefined }>, id: string): object {
  const calls = 'calls' in turn ? turn.calls : [];
  const tool_calls = calls.map(({ tool, arguments: given }, at) => ({
    ...{ id: `call-${id}-${at}`, type: 'function' },
    function: { name: tool, arguments: typeof given === 'string' ? given : JSON.stringify(given) },
  }));
  const message = { role: 'assistant', content: turn.says ?? null, ...(tool_calls.length > 0 && { tool_calls }) };
  const finish_reason = tool_calls.length > 0 ? 'tool_calls' : 'stop';
  return {
    ...{ id: `chatcmpl-${id}`, object: 'chat.completion', created: 0, model: 'recorded' },
    choices: [{ index: 0, message, finish_reason }],
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  };
}
