/*
 * 1. Whoever waits for an id is woken when its number of events differs from what was last seen, or at the deadline.
 * 2. One query at a time serves all who wait; with nobody waiting nothing is asked.
 * 3. The events may have come in through another instance: the database is asked, not this process's memory.
 */
const EVERY_MS = 40;
const MOST_WAITING = 2_000;

/** Of a caller: closed when they have gone. */
export interface Connection {
  once(event: 'close', listener: () => void): unknown;
}

/** Fires when a caller has waited long enough, or has gone. */
export function deadlineOf(seconds: number, connection: Connection): AbortSignal {
  const gone = new AbortController();
  connection.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, AbortSignal.timeout(seconds * 1000)]);
}

interface Waiter {
  id: string;
  seen: number;
  wake: () => void;
}

export class Waiting {
  readonly #waiters = new Set<Waiter>();
  #running = false;

  constructor(
    private readonly counts: (ids: string[]) => Promise<Map<string, number>>,
    private readonly report: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.#waiters.size;
  }

  get isFull(): boolean {
    return this.size >= MOST_WAITING;
  }

  /** Resolves once `id` no longer has exactly `seen` events, or the signal fires. */
  changed(id: string, seen: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const waiter = { id, seen, wake };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', wake);
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiters.size > 0) {
      await this.#look();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    this.#running = false;
  }

  async #look(): Promise<void> {
    try {
      const counts = await this.counts([...new Set([...this.#waiters].map(({ id }) => id))]);
      for (const waiter of this.#waiters) if ((counts.get(waiter.id) ?? 0) !== waiter.seen) waiter.wake();
    } catch (error) {
      // The database may be away for a moment; those who wait have a deadline of their own.
      this.report(error);
    }
  }
}
