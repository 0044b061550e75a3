import { Pool, type Dispatcher } from 'undici';
import { parseStrictJson, Poison, type Json } from '@countersign/contracts';
import {
  definiteAnswer,
  NoAnswer,
  NothingDone,
  type TargetAnswer,
  type TargetClient,
  type TargetRequest,
} from '@countersign/tool-sdk';
import type { Credentials } from './credentials.js';
import { Slots } from './slots.js';

const CONNECTIONS = 24;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** What a request is made for. */
export interface Errand {
  tenant: string;
  actor: string;
  idempotencyKey?: string;
  /** By the database's clock, in ms. */
  notAfter?: number;
  /** Whether that moment has come: then it is not sent. */
  isLate?: () => boolean;
  /** It ends what has begun: it does not wait behind what has not. */
  finishes?: boolean;
  timeoutMs: number;
  signal: AbortSignal;
}

/** One target: kept-alive connections, bounded, and a handle on it per errand. JSON only, at most 1 MiB an answer. */
export class Target {
  private readonly pool: Pool;
  private readonly slots = new Slots(CONNECTIONS);

  constructor(
    private readonly name: string,
    url: string,
    private readonly credentials: Credentials,
  ) {
    this.pool = new Pool(new URL(url).origin, {
      connections: CONNECTIONS,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: MAX_ANSWER_BYTES,
    });
  }

  clientFor(errand: Errand): TargetClient {
    return { request: (request) => this.slots.run(() => this.request(request, errand), errand.finishes) };
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }

  private async request(request: TargetRequest, errand: Errand): Promise<TargetAnswer> {
    if (request.method !== 'GET' && errand.isLate?.()) throw new NothingDone('its moment passed before it was sent');
    const token = await this.credentials.tokenFor(this.name, errand.tenant);
    // It may have waited for its turn until nobody waits for it any more.
    if (errand.signal.aborted) throw new NoAnswer(`${this.name} was not asked any more`);
    const deadline = new AbortController();
    const abort = () => deadline.abort(new NoAnswer(`${this.name} did not answer in ${errand.timeoutMs} ms`));
    const timer = setTimeout(abort, errand.timeoutMs);
    errand.signal.addEventListener('abort', abort, { once: true });
    try {
      return await this.answered(await this.pool.request(this.message(request, errand, token, deadline.signal)));
    } catch (error) {
      if (error instanceof NoAnswer || error instanceof NothingDone) throw error;
      throw new NoAnswer(`${this.name} could not be asked: ${codeOf(error)}`);
    } finally {
      clearTimeout(timer);
      errand.signal.removeEventListener('abort', abort);
    }
  }

  private message(
    request: TargetRequest,
    errand: Errand,
    token: string,
    signal: AbortSignal,
  ): Dispatcher.RequestOptions {
    const headers: Record<string, string> = { ...request.headers };
    if (request.body !== undefined) headers['content-type'] = 'application/json';
    headers['accept'] = 'application/json';
    headers['authorization'] = `Bearer ${token}`;
    headers['countersign-actor'] = encodeURIComponent(errand.actor);
    // A look at the target is not the write itself: it must not be taken for it by its key.
    if (request.method !== 'GET' && errand.idempotencyKey) headers['idempotency-key'] = errand.idempotencyKey;
    if (request.method !== 'GET' && errand.notAfter) headers['countersign-not-after'] = String(errand.notAfter);
    const body = request.body === undefined ? null : JSON.stringify(request.body);
    return { method: request.method, path: request.path, headers, body, signal };
  }

  private async answered({ statusCode, body }: Dispatcher.ResponseData): Promise<TargetAnswer> {
    const text = await body.text();
    const value = parsed(text);
    const said = `${statusCode}${namedCode(value)}`;
    const answer = definiteAnswer(this.name, { status: statusCode, body: value ?? null }, said);
    if (value === undefined && statusCode < 300)
      throw new NoAnswer(`${this.name} answered ${statusCode} and no usable JSON`, statusCode);
    return answer;
  }
}

/** Undefined for what no event could carry as well: a number like 1e999, a hundred levels. */
function parsed(text: string): Json | undefined {
  try {
    return parseStrictJson(Buffer.from(text)).value as Json;
  } catch (error) {
    if (error instanceof Poison) return undefined;
    throw error;
  }
}

/** Of an answer that is none, its status and code go on into events, never its words: nothing has sealed those. */
function namedCode(value: Json | undefined): string {
  const code = value && typeof value === 'object' && !Array.isArray(value) ? value['code'] : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,39}$/.test(code) ? ` (${code})` : '';
}

const codeOf = (error: unknown): string =>
  error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : 'unknown';
