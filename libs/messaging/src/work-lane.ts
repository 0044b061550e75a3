import type { Worker, WorkRow } from './stream.js';

const ROUNDS_AHEAD = 8;

/**
 * The work of one worker for one target: what waits, what runs, how much more may come. Tenants take turns: a round has something of
 * each that waits, and each may wait here with as much as a round takes, whatever others have here.
 */
export class Lane {
  /** Rows being performed, with the fence they have now. */
  readonly held = new Map<string, WorkRow>();
  running = 0;
  readonly abort = new AbortController();
  /** By tenant; whose turn is next stands first. */
  private readonly waiting = new Map<string, WorkRow[]>();
  private readonly reserved = new Map<string, number>();
  private total = 0;
  private ending: (() => void)[] = [];

  constructor(
    readonly worker: Worker<never>,
    readonly target: string,
  ) {}

  /** Some times what may run at once: a burst is taken up as it is written down, without being claimed from the table. */
  isFull(): boolean {
    return this.coming() >= this.ahead();
  }

  /** Sets room aside for a row that is being written down; false if there is none. */
  reserve(tenant: string): boolean {
    const mine = (this.waiting.get(tenant)?.length ?? 0) + (this.reserved.get(tenant) ?? 0);
    const ownTurn = mine < this.worker.roundSize && this.coming() < 2 * this.ahead();
    if (this.isFull() && !ownTurn) return false;
    this.reserved.set(tenant, (this.reserved.get(tenant) ?? 0) + 1);
    this.total++;
    return true;
  }

  /** Gives up the room set aside. */
  release(tenant: string): void {
    const left = (this.reserved.get(tenant) ?? 0) - 1;
    if (left > 0) this.reserved.set(tenant, left);
    else this.reserved.delete(tenant);
    this.total--;
  }

  add(row: WorkRow): void {
    const mine = this.waiting.get(row.tenant);
    if (mine) mine.push(row);
    else this.waiting.set(row.tenant, [row]);
    this.total++;
  }

  /** The rows of a round: one of each tenant in turn. */
  take(atMost = this.worker.roundSize): WorkRow[] {
    const taken: WorkRow[] = [];
    for (const [tenant, rows] of this.waiting) {
      if (taken.length === atMost) break;
      taken.push(rows.shift()!);
      this.waiting.delete(tenant);
      // Behind those that wait; this very loop comes by again.
      if (rows.length) this.waiting.set(tenant, rows);
    }
    this.total -= taken.length;
    return taken;
  }

  queued(): WorkRow[] {
    return [...this.waiting.values()].flat();
  }

  /** Removes what waits and is not ours any more. */
  drop(isGone: (row: WorkRow) => boolean): WorkRow[] {
    const gone: WorkRow[] = [];
    for (const [tenant, rows] of this.waiting) {
      const left = rows.filter((row) => !isGone(row));
      gone.push(...rows.filter(isGone));
      if (left.length) this.waiting.set(tenant, left);
      else this.waiting.delete(tenant);
    }
    this.total -= gone.length;
    return gone;
  }

  isIdle(): boolean {
    return !this.held.size && !this.total;
  }

  over(): void {
    this.running--;
    if (!this.running) for (const resolve of this.ending.splice(0)) resolve();
  }

  /** Resolves when no round runs. */
  ended(): Promise<void> {
    return this.running ? new Promise((resolve) => this.ending.push(resolve)) : Promise.resolve();
  }

  hasWaiting(): boolean {
    return this.waiting.size > 0;
  }

  private coming(): number {
    return this.total + this.held.size;
  }

  private ahead(): number {
    return ROUNDS_AHEAD * this.worker.roundSize * this.worker.rounds;
  }
}
