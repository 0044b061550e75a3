import { setTimeout as delay } from 'node:timers/promises';

/** Time that a call may take, on a clock nobody sets, and the caller's wish to stop. */
export class Deadline {
  readonly #until: number;

  constructor(
    ms: number,
    readonly signal: AbortSignal | undefined,
  ) {
    this.#until = performance.now() + ms;
    signal?.throwIfAborted();
  }

  get leftMs(): number {
    return Math.max(0, this.#until - performance.now());
  }

  /** Fires after `ms`, at the end of the time, or when the caller stops. */
  within(ms: number): AbortSignal {
    const limit = AbortSignal.timeout(Math.ceil(Math.min(ms, this.leftMs, 2 ** 31 - 1)));
    return this.signal ? AbortSignal.any([limit, this.signal]) : limit;
  }

  /** Throws the caller's reason as soon as they stop. */
  async pause(ms: number): Promise<void> {
    try {
      await delay(ms, undefined, { ...(this.signal ? { signal: this.signal } : {}) });
    } catch (error) {
      this.signal?.throwIfAborted();
      throw error;
    }
  }
}
