/*
 * A connection to somebody else's tool server. What it guarantees:
 * 1. It is asked for what was reviewed: a tool that the server declares otherwise, or no longer, is not called.
 * 2. A server of its own process is started without our environment: with what its settings name, and PATH, HOME and their like.
 *    It ends with us.
 */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolResultSchema,
  ListToolsResultSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { declarationDigest, type Declaration } from './declaration.js';

/** Where a server is: a URL of streamable HTTP, or a command that speaks over its standard input and output. */
export type ServerPlace =
  | { url: string }
  | {
      command: string;
      args?: readonly string[];
      tokenVariable?: string | undefined;
      env?: Record<string, string> | undefined;
      cwd?: string | undefined;
    };

export interface ConnectOptions {
  /** Sent as a bearer token, or handed to a command in `tokenVariable`. */
  token?: string | undefined;
  timeoutMs?: number;
}

/** Of servers that were started here: one that does not end with its input is ended with us. */
const started = new Set<number>();
process.once('exit', () => {
  for (const pid of started) {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It has ended.
    }
  }
});

const MAX_TOOLS = 1_000;
const MAX_PAGES = 50;
const LIST_TIMEOUT_MS = 5_000;
const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** A server need not say that its tools changed. */
const RELIST_MS = 30_000;

/** It could not be found out what the server declares: the call was not made. */
export class NotListed extends Error {
  constructor(override readonly cause: unknown) {
    super('the server did not say what it declares');
    this.name = 'NotListed';
  }
}

/** What a server was asked and refused because it does not declare it so. */
export class NotAsReviewed extends Error {
  constructor(readonly detail: string) {
    super(detail);
    this.name = 'NotAsReviewed';
  }
}

export class ServerConnection {
  private declared: Promise<Map<string, string>> | undefined;
  private listedAt = 0;
  private ended = false;

  private constructor(
    private readonly client: Client,
    private readonly transport: StdioClientTransport | StreamableHTTPClientTransport,
  ) {
    const process = transport instanceof StdioClientTransport ? (transport.pid ?? undefined) : undefined;
    if (process !== undefined) started.add(process);
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      this.declared = undefined;
    });
    client.onclose = () => {
      this.ended = true;
      if (process !== undefined) started.delete(process);
    };
  }

  /** @throws what the SDK throws where nobody answers, or who answers speaks no MCP */
  static async open(place: ServerPlace, { token, timeoutMs = 10_000 }: ConnectOptions = {}): Promise<ServerConnection> {
    const client = new Client({ name: 'countersign', version: '0.1.0' });
    const transport = transportTo(place, token);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      // Its optional session id does not fit exactOptionalPropertyTypes. Of what `connect` does, only a part is timed.
      await Promise.race([client.connect(transport as Transport, { timeout: timeoutMs }), late]);
    } catch (error) {
      await client.close().catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return new ServerConnection(client, transport);
  }

  /** It was given one by the server, which may forget it. */
  get hasSession(): boolean {
    return this.transport instanceof StreamableHTTPClientTransport && this.transport.sessionId !== undefined;
  }

  get isEnded(): boolean {
    return this.ended;
  }

  about(): { name: string; version: string } {
    const { name = '', version = '' } = this.client.getServerVersion() ?? {};
    return { name, version };
  }

  /** All that it declares, page by page. */
  async list(options: { timeout?: number } = {}): Promise<Declaration[]> {
    const tools: Declaration[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES && tools.length < MAX_TOOLS; page++) {
      const params = cursor === undefined ? {} : { cursor };
      const answer = await this.client.request({ method: 'tools/list', params }, ListToolsResultSchema, options);
      tools.push(...(answer.tools as Declaration[]));
      cursor = answer.nextCursor;
      if (cursor === undefined) return tools;
    }
    throw new Error(`it declares more than ${MAX_TOOLS} tools`);
  }

  /**
   * Calls a tool under the declaration that was reviewed. The answer is as the server gave it: no schema of its own is held against it, for
   * then what it did would count as not done.
   *
   * @throws NotAsReviewed before anything is sent; what the SDK throws otherwise
   */
  async call(
    name: string,
    args: Record<string, unknown>,
    {
      declaration,
      meta,
      ...options
    }: { declaration: string; meta: Record<string, unknown>; timeout: number; signal: AbortSignal },
  ): Promise<unknown> {
    const found = (await this.declarations()).get(name);
    if (found !== declaration)
      throw new NotAsReviewed(
        found === undefined
          ? `the server has no tool ${name} any more`
          : `the server declares ${name} otherwise than it was reviewed`,
      );
    const params = { name, arguments: args, _meta: meta };
    return this.client.request({ method: 'tools/call', params }, CallToolResultSchema, options);
  }

  /** Resolves once it is known what the server declares. Throws `NotListed`. */
  async known(): Promise<void> {
    await this.declarations();
  }

  /** Whoever asks first asks for all: nobody's own deadline ends it. */
  private declarations(): Promise<Map<string, string>> {
    if (this.declared && performance.now() - this.listedAt < RELIST_MS) return this.declared;
    this.listedAt = performance.now();
    const listed = this.list({ timeout: LIST_TIMEOUT_MS }).then(
      (tools) => new Map(tools.map((one) => [one.name, declarationDigest(one)])),
      (error: unknown) => {
        if (this.declared === listed) this.declared = undefined;
        throw new NotListed(error);
      },
    );
    this.declared = listed;
    return listed;
  }

  async close(): Promise<void> {
    this.ended = true;
    await this.client.close();
  }
}

function transportTo(place: ServerPlace, token: string | undefined) {
  if ('url' in place) {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return new StreamableHTTPClientTransport(new URL(place.url), { requestInit: { headers }, fetch: boundedFetch });
  }
  const { command, args = [], tokenVariable, env: own = {}, cwd } = place;
  const env = {
    ...getDefaultEnvironment(),
    ...own,
    ...(tokenVariable && token !== undefined ? { [tokenVariable]: token } : {}),
  };
  return new StdioClientTransport({ command, args: [...args], env, stderr: 'ignore', ...(cwd ? { cwd } : {}) });
}

/** A server's answers, each of at most so many bytes: what is longer is none. */
async function boundedFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  if (!answer.body) return answer;
  let left = MAX_BODY_BYTES;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      left -= chunk.byteLength;
      if (left < 0) controller.error(new Error(`the server answered more than ${MAX_BODY_BYTES} bytes`));
      else controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = answer;
  return new Response(answer.body.pipeThrough(counted), { status, statusText, headers });
}
