/*
 * A target that speaks the Model Context Protocol. What it guarantees:
 * 1. Each tenant has a connection of its own, under its own credential; it is opened when it is first needed, and anew after it ended. As
 *    long as the call itself was not made, nothing was done.
 * 2. A definite no is one that the server gave before it acted: it lets nobody in, or declares the tool otherwise than it was reviewed. One
 *    that forgot the session did nothing either, and is asked again in another. That it does not take the arguments is told as such: what
 *    that proves, the tool says. Everything else that is no answer is not knowing.
 */
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { parseStrictJson, Poison, type Json } from '@countersign/contracts';
import { DECLARATION_HEADER, TOOLS_PATH } from '@countersign/mcp-tools';
import { NotAsReviewed, NotListed, ServerConnection, type ServerPlace } from '@countersign/mcp-tools/client';
import { NoAnswer, NothingDone, type TargetAnswer, type TargetRequest } from '@countersign/tool-sdk';
import type { Errand, Wire } from './target-client.js';

const MAX_ANSWER_CHARS = 1024 * 1024;
/** The executor's own deadline comes first. */
const LATER_MS = 1_000;

interface Kept {
  token: string;
  opened: Promise<ServerConnection>;
  connection?: ServerConnection;
}

export class McpWire implements Wire {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly name: string,
    private readonly place: ServerPlace,
  ) {}

  async exchange(request: TargetRequest, errand: Errand, token: string, signal: AbortSignal): Promise<TargetAnswer> {
    const timeout = errand.timeoutMs + LATER_MS;
    const connection = await this.ready(errand.tenant, token, signal);
    const tool = decodeURIComponent(request.path.slice(TOOLS_PATH.length));
    const declaration = request.headers?.[DECLARATION_HEADER] ?? '';
    try {
      const args = (request.body ?? {}) as Record<string, unknown>;
      const answer = await connection.call(tool, args, { declaration, timeout, signal, meta: metaOf(request, errand) });
      return { status: 200, body: this.carried(answer) };
    } catch (error) {
      const no = definiteNo(error);
      if (no) return no;
      if (error instanceof StreamableHTTPError && error.code === 404 && connection.hasSession) {
        this.drop(errand.tenant, connection);
        throw new NothingDone(`${this.name} does not know the session any more`);
      }
      // Whatever went wrong, nobody relies on this connection any more.
      if (!(error instanceof McpError) || error.code === (ErrorCode.ConnectionClosed as number))
        this.drop(errand.tenant, connection);
      throw signal.aborted ? (signal.reason as Error) : error;
    }
  }

  async close(): Promise<void> {
    const all = [...this.kept.values()];
    this.kept.clear();
    await Promise.allSettled(all.map(async ({ opened }) => (await opened).close()));
  }

  /** Guarantee 1: whatever goes wrong here, the call was not made. */
  private async ready(tenant: string, token: string, signal: AbortSignal): Promise<ServerConnection> {
    const opening = this.connection(tenant, token).then(async (connection) => {
      await connection.known();
      return connection;
    });
    try {
      return await untilAborted(opening, signal);
    } catch (error) {
      const known = this.kept.get(tenant)?.connection;
      if (error instanceof NotListed && known) this.drop(tenant, known);
      if (error instanceof NothingDone) throw error;
      throw new NothingDone(`${this.name} did not say in time what it declares`);
    }
  }

  private async connection(tenant: string, token: string): Promise<ServerConnection> {
    const known = this.kept.get(tenant);
    if (known?.token === token) {
      const connection = await known.opened;
      if (!connection.isEnded) return connection;
    }
    if (this.kept.get(tenant) !== known) return this.connection(tenant, token);
    const opened = ServerConnection.open(placeFor(this.place, tenant), { token });
    const kept: Kept = { token, opened };
    this.kept.set(tenant, kept);
    void known?.opened.then((before) => before.close()).catch(() => undefined);
    try {
      kept.connection = await opened;
      return kept.connection;
    } catch (error) {
      if (this.kept.get(tenant) === kept) this.kept.delete(tenant);
      throw new NothingDone(`${this.name} could not be reached: ${nameOf(error)}`);
    }
  }

  private drop(tenant: string, connection: ServerConnection): void {
    if (this.kept.get(tenant)?.connection === connection) this.kept.delete(tenant);
    void connection.close().catch(() => undefined);
  }

  /** As an event could carry it. */
  private carried(answer: unknown): Json {
    const text = JSON.stringify(answer);
    if (text.length > MAX_ANSWER_CHARS)
      throw new NoAnswer(`${this.name} answered more than ${MAX_ANSWER_CHARS} characters`);
    try {
      return parseStrictJson(Buffer.from(text)).value as Json;
    } catch (error) {
      if (error instanceof Poison) throw new NoAnswer(`${this.name} answered no usable JSON`);
      throw error;
    }
  }
}

/** A command serves one tenant: `{tenant}` in what it is started with is that one's name. */
function placeFor(place: ServerPlace, tenant: string): ServerPlace {
  if ('url' in place) return place;
  const named = (text: string) => text.replaceAll('{tenant}', tenant);
  const { args, env, cwd } = place;
  return {
    ...place,
    ...(args ? { args: args.map(named) } : {}),
    ...(env ? { env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, named(value)])) } : {}),
    ...(cwd ? { cwd: named(cwd) } : {}),
  };
}

/** What a server may make use of; of a look neither key nor deadline. */
function metaOf({ method }: TargetRequest, { actor, idempotencyKey, notAfter }: Errand): Record<string, unknown> {
  const acts = method !== 'GET';
  return {
    'countersign/actor': actor,
    ...(acts && idempotencyKey ? { 'countersign/idempotency-key': idempotencyKey } : {}),
    ...(acts && notAfter ? { 'countersign/not-after': notAfter } : {}),
  };
}

/** Guarantee 2. */
function definiteNo(error: unknown): TargetAnswer | undefined {
  if (error instanceof NotAsReviewed) return { status: 409, body: { detail: error.detail } };
  if (error instanceof StreamableHTTPError && [401, 403].includes(error.code ?? 0))
    return { status: error.code!, body: { detail: `the server said no (${error.code})` } };
  if (!(error instanceof McpError)) return undefined;
  const code = error.code as ErrorCode;
  if (code === ErrorCode.InvalidParams || code === ErrorCode.MethodNotFound)
    return { status: 422, body: { detail: `the server does not take it: ${error.message.slice(0, 300)}` } };
  return undefined;
}

/** Who waits for a connection stops waiting when its time is up; the connection goes on being opened for the next one. */
async function untilAborted<T>(opening: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([opening, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const nameOf = (error: unknown): string =>
  error instanceof McpError
    ? `MCP ${error.code}`
    : error instanceof Error
      ? ((error as NodeJS.ErrnoException).code ?? error.name)
      : 'unknown';
