import type { World } from '../world.js';

const TOKEN_SECONDS = 3_600;
const RENEWED_AFTER_MS = 20 * 60_000;
const ANSWER_MS = 20_000;

export interface Answer {
  status: number;
  body: unknown;
}

/** People over HTTP, with tokens renewed in time. Everything it talks to may be away: then it has no answer. */
export class Client {
  readonly #tokens = new Map<string, { token: string; at: number }>();

  constructor(
    private readonly world: World,
    private readonly signal: AbortSignal,
  ) {}

  /** Asks again until there is one. */
  async token(user: string): Promise<string> {
    const kept = this.#tokens.get(user);
    if (kept && performance.now() - kept.at < RENEWED_AFTER_MS) return kept.token;
    for (;;) {
      const token = await this.world.token(user, TOKEN_SECONDS).catch(() => undefined);
      if (token !== undefined) this.#tokens.set(user, { token, at: performance.now() });
      if (token !== undefined) return token;
      await pause(200, this.signal);
    }
  }

  /** Undefined: no answer came, and nobody knows whether it was done. */
  async call(
    user: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer | undefined> {
    const authorization = `Bearer ${await this.token(user)}`;
    try {
      const response = await fetch(`${this.world.system.urls.gateway}${path}`, {
        method,
        headers: { authorization, ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const text = await response.text();
      return { status: response.status, body: text ? JSON.parse(text) : undefined };
    } catch {
      return undefined;
    }
  }
}

/** Throws once the run is over. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    if (signal.aborted) return reject(signal.reason as Error);
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
