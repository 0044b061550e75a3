import type { Worker, WorkRow } from './stream.js';

const ROUNDS_AHEAD = 8;

/** The work of one worker for one target: what waits, what runs, how much more may come. */
export class Lane {
  queue: WorkRow[] = [];
  /** Rows being performed, with the fence they have now. */
  readonly held = new Map<string, WorkRow>();
  running = 0;
  reserved = 0;
  readonly abort = new AbortController();
  private waiting: (() => void)[] = [];

  constructor(
    readonly worker: Worker<never>,
    readonly target: string,
  ) {}

  /** Some times what may run at once: a burst is taken up as it is written down, without being claimed from the table. */
  room(): number {
    return (
      ROUNDS_AHEAD * this.worker.roundSize * this.worker.rounds - this.queue.length - this.held.size - this.reserved
    );
  }

  over(): void {
    this.running--;
    if (!this.running) for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** Resolves when no round runs. */
  ended(): Promise<void> {
    return this.running ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve();
  }
}
