import type { Problem } from '@countersign/contracts';
import { bearer, gatewayUrl, type ConnectionOptions } from './connection.js';
import { ApiError, CliError, EXIT } from './errors.js';

const TIMEOUT_MS = 90_000;

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The gateway, spoken to as one person. */
export class Api {
  private constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  static async connect(options: ConnectionOptions): Promise<Api> {
    return new Api(gatewayUrl(options), await bearer(options));
  }

  /** The answer's JSON. Throws `ApiError` for anything but success. */
  async call<T>(path: string, { method = 'GET', query = {}, body, headers = {} }: Call = {}): Promise<T> {
    const url = this.urlOf(path, query);
    const response = await this.fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = parse(text);
    if (!response.ok)
      throw new ApiError(response.status, (answer ?? { detail: text.slice(0, 300) }) as Partial<Problem>);
    if (answer === undefined)
      throw new CliError(
        `${url.origin} does not answer as a gateway does: no JSON at ${url.pathname}`,
        EXIT.unexpected,
        "Check --url: it is the gateway's origin.",
      );
    return answer as T;
  }

  /** An answer's bytes as they come, however long they take. Throws `ApiError` for anything but success. */
  async stream(path: string, query: NonNullable<Call['query']>): Promise<AsyncIterable<Uint8Array>> {
    const url = this.urlOf(path, query);
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(new Error('it took too long')), TIMEOUT_MS);
    const headers = { authorization: `Bearer ${this.token}` };
    const response = await this.fetch(url, { headers, signal: waiting.signal }).finally(() => clearTimeout(timer));
    if (response.ok && response.body) return response.body as unknown as AsyncIterable<Uint8Array>;
    throw new ApiError(response.status, (parse(await response.text()) ?? {}) as Partial<Problem>);
  }

  private urlOf(path: string, query: NonNullable<Call['query']>): URL {
    const url = new URL(this.url + path);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return url;
  }

  private async fetch(url: URL, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new CliError(
        `${url.origin} does not answer: ${cause}`,
        EXIT.unexpected,
        'Is the system running? Start one with `npx countersign dev`.',
      );
    }
  }
}

/** A member of a path, whatever stands in it. */
export const segment = (text: string) => encodeURIComponent(text);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
