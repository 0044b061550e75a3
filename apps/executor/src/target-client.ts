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
import { currentTraceparent, placeOf, spanned, SPAN, type OpenSpan } from '@countersign/messaging';
import { Abandoned, NotAsked, type Circuit } from './circuits.js';
import type { Credentials } from './credentials.js';
import { Slots } from './slots.js';

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

/** How a target is spoken to, where that is not JSON over HTTP. */
export interface Wire {
  /** Throws `NoAnswer` where nobody knows whether it acted; anything else counts as that too. */
  exchange(request: TargetRequest, errand: Errand, token: string, signal: AbortSignal): Promise<TargetAnswer>;
  close(): Promise<void>;
}

export interface TargetParts {
  name: string;
  url: string;
  /** So many requests at once. */
  concurrency: number;
  circuit: Circuit;
  credentials: Pick<Credentials, 'tokenFor'>;
  pool?: Pick<Pool, 'request' | 'destroy'>;
  wire?: Wire;
}

/** One target: kept-alive connections, bounded, a circuit, and a handle on it per errand. JSON only, at most 1 MiB an answer. */
export class Target {
  private readonly name: string;
  private readonly slots: Slots;
  private readonly pool: Pick<Pool, 'request' | 'destroy'> | undefined;

  constructor(private readonly parts: TargetParts) {
    this.name = parts.name;
    this.slots = new Slots(parts.concurrency);
    this.pool = parts.pool ?? (parts.wire ? undefined : connect(parts));
  }

  clientFor(errand: Errand): TargetClient {
    const begun = { writes: 0 };
    return { request: (request) => this.slots.run(() => this.request(request, errand, begun), errand.finishes) };
  }

  async close(): Promise<void> {
    await Promise.all([this.pool?.destroy(), this.parts.wire?.close()]);
  }

  /** `begun`: what of this errand was sent already. Then it proves nothing that no more is sent. */
  private async request(request: TargetRequest, errand: Errand, begun: { writes: number }): Promise<TargetAnswer> {
    const { circuit, credentials } = this.parts;
    const writes = request.method !== 'GET';
    const unsent = (why: string) => (writes && begun.writes === 0 ? new NothingDone(why) : new NoAnswer(why));
    const token = await credentials.tokenFor(this.name, errand.tenant);
    try {
      return await circuit.run(async () => {
        if (writes && errand.isLate?.()) throw new NotAsked(TOO_LATE);
        // It may have waited for its turn, or the circuit's, until nobody waits for it any more.
        if (errand.signal.aborted) throw new Abandoned(`${this.name} was not asked any more`);
        if (writes) begun.writes += 1;
        return this.exchange(request, errand, token);
      });
    } catch (error) {
      throw error instanceof NotAsked ? unsent(error.message) : error;
    }
  }

  private async exchange(request: TargetRequest, errand: Errand, token: string): Promise<TargetAnswer> {
    const deadline = new AbortController();
    const silence = `${this.name} did not answer in ${errand.timeoutMs} ms`;
    const abort = () => deadline.abort(new Abandoned(silence));
    const timer = setTimeout(() => deadline.abort(new NoAnswer(silence)), errand.timeoutMs);
    errand.signal.addEventListener('abort', abort, { once: true });
    try {
      const { wire } = this.parts;
      return wire
        ? await this.inSpan('CALL', () => wire.exchange(request, errand, token, deadline.signal))
        : await this.asked(this.message(request, errand, token, deadline.signal));
    } catch (error) {
      if (error instanceof NoAnswer || error instanceof NothingDone) throw error;
      throw new NoAnswer(`${this.name} could not be asked: ${codeOf(error)}`);
    } finally {
      clearTimeout(timer);
      errand.signal.removeEventListener('abort', abort);
    }
  }

  /** Its path and its body may name somebody: the span has neither. */
  private asked(message: Dispatcher.RequestOptions): Promise<TargetAnswer> {
    return this.inSpan(message.method, async (span) => {
      const traceparent = currentTraceparent();
      const headers = { ...(message.headers as Record<string, string>), ...(traceparent && { traceparent }) };
      const answer = await this.pool!.request({ ...message, headers });
      span?.set({ [SPAN.status]: answer.statusCode });
      if (answer.statusCode >= 400) span?.fail(String(answer.statusCode));
      return this.answered(answer);
    });
  }

  private inSpan<T>(method: string, ask: (span: OpenSpan | undefined) => Promise<T>): Promise<T> {
    return spanned(
      () => ({ name: method, kind: 'client', attributes: { [SPAN.method]: method, ...placeOf(this.parts.url) } }),
      ask,
    );
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

const TOO_LATE = 'its moment passed before it was sent';

const connect = ({ url, concurrency }: TargetParts) =>
  new Pool(new URL(url).origin, {
    connections: concurrency,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: MAX_ANSWER_BYTES,
  });

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
