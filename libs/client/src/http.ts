import type { z } from 'zod';
import { answerError, isPassing, parseJson, saysNothing } from './answer-error.js';
import type { Deadline } from './deadline.js';
import { CountersignError, invalid } from './errors.js';
import { tokenOf, type TokenSource } from './token.js';

/** Without an answer for so long, an attempt is given up and made again. */
const ATTEMPT_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export interface HttpRequest {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** The server holds its answer for so long. */
  heldMs?: number;
}

export interface HttpAnswer<T> {
  value: T;
  headers: Headers;
}

/** The gateway over HTTP: the same request again for what passes, until the time is up. */
export class Http {
  readonly #origin: string;

  constructor(
    url: string,
    private readonly fetch: typeof globalThis.fetch,
  ) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw invalid([{ path: 'url', message: "the gateway's origin, such as https://countersign.example.com" }]);
    this.#origin = url.replace(/\/+$/, '');
  }

  /** Throws `CountersignError` for the last answer that was no success, and the signal's reason. */
  async call<T>(
    request: HttpRequest,
    schema: z.ZodType<T>,
    token: TokenSource,
    deadline: Deadline,
  ): Promise<HttpAnswer<T>> {
    let unsure = false;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const last = await this.#attempt(request, schema, token, deadline);
      if (!(last instanceof CountersignError)) return last;
      unsure ||= saysNothing(last);
      const answer = unsure ? last.afterSilence() : last;
      const wait = Math.max((answer.retryAfter ?? 0) * 1000, pause * (0.5 + Math.random() / 2));
      if (!isPassing(answer) || wait >= deadline.leftMs) throw answer;
      await deadline.pause(wait);
    }
  }

  async #attempt<T>(
    request: HttpRequest,
    schema: z.ZodType<T>,
    token: TokenSource,
    deadline: Deadline,
  ): Promise<HttpAnswer<T> | CountersignError> {
    const { method, path, body, headers = {}, heldMs = 0 } = request;
    const authorization = `Bearer ${await tokenOf(token)}`;
    try {
      const response = await this.fetch(this.#origin + path, {
        method,
        headers: { ...headers, authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: deadline.within(heldMs + ATTEMPT_MS),
        // A token is for this origin alone.
        redirect: 'manual',
      });
      const text = await response.text();
      if (!response.ok) return answerError(response.status, response.headers, text);
      return { value: this.#read(text, schema, request), headers: response.headers };
    } catch (error) {
      deadline.signal?.throwIfAborted();
      if (error instanceof CountersignError) throw error;
      return this.#silence(error);
    }
  }

  #read<T>(text: string, schema: z.ZodType<T>, { method, path }: HttpRequest): T {
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    const flaw = parsed.error.issues[0];
    throw new CountersignError({
      code: 'UPSTREAM_FAILED',
      detail: `${this.#origin} does not answer ${method} ${path} as a gateway does (${flaw?.path.join('.') || 'body'}: ${flaw?.message})`,
      nextStep: "Check the url: it is the gateway's origin; then that this client is not older than the system.",
    });
  }

  #silence(cause: unknown): CountersignError {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    const code = (inner as { code?: unknown } | undefined)?.code;
    const why = typeof code === 'string' ? code : inner instanceof Error ? inner.message : String(inner);
    return new CountersignError({
      code: 'UPSTREAM_TIMEOUT',
      detail: `${this.#origin} does not answer: ${why}`,
      nextStep: 'Check that the gateway runs at this url, then try again.',
      cause,
    });
  }
}
