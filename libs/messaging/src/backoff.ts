/** Doubling from `firstMs` to `maxMs`, with jitter so that instances do not come back together. */
export class Backoff {
  private wait: number;

  constructor(
    private readonly firstMs: number,
    private readonly maxMs: number,
  ) {
    this.wait = firstMs;
  }

  /** Waits its turn, or until `signal` aborts. */
  pause(signal?: AbortSignal): Promise<void> {
    const ms = this.wait * (0.5 + Math.random() / 2);
    this.wait = Math.min(this.wait * 2, this.maxMs);
    return delay(ms, signal);
  }

  reset(): void {
    this.wait = this.firstMs;
  }
}

/** Resolves after `ms`, or at once when `signal` aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
