import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** What is waited for, for the message when it does not come. */
  what: string | (() => string);
  /** 20 s by default. */
  timeoutMs?: number;
  everyMs?: number;
}

/**
 * Asks again and again until the answer is truthy, and gives it.
 *
 * @throws Error naming `what`, and the last error of `ask` if it threw, when the time is over
 * @example
 * const row = await until(() => findRow(id), { what: 'the row' });
 */
export async function until<T>(
  ask: () => T | Promise<T>,
  { what, timeoutMs = 20_000, everyMs = 25 }: UntilOptions,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer as Exclude<T, undefined | null | false>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited ${timeoutMs} ms in vain for ${typeof what === 'function' ? what() : what}`, {
        cause: last,
      });
    }
    await delay(everyMs);
  }
}
