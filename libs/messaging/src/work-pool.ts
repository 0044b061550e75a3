import { Backoff, delay } from './backoff.js';
import { kindOf, messageOf } from './errors.js';
import { Lane } from './work-lane.js';
import type { Finisher } from './finisher.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { GivenBack, Store } from './ports.js';
import type { Round, WorkDraft, Worker, WorkOutcome, WorkRow } from './stream.js';
import type { WorkIntake } from './committer.js';
import { WorkSpans } from './work-spans.js';

const POLL_MS = 500;
const CLAIM_LIMIT = 200;
const MAX_DELAY_MS = 60_000;
const MAX_AWAY_DELAY_MS = 4_000;
const GIVE_BACK_TRIES = 15;

export interface PoolParts {
  store: Store;
  log: Log;
  metrics: Metrics;
}

/**
 * Performs work rows: those of this process's own transactions at once while there is room, all others claimed from the
 * table. Concurrency is bounded per target; a row is held under a lease that is extended while it is.
 */
export class WorkPool implements WorkIntake {
  private readonly lanes = new Map<string, Lane>();
  private readonly byKind = new Map<string, Worker<never>>();
  private readonly stopping = new AbortController();
  private wake: () => void = () => {};
  private backlog = true;
  private claiming: Promise<void> | undefined;
  private extending: Promise<void> | undefined;
  private started = false;
  /** When each was leased, by this process's own clock. */
  private readonly leasedAt = new WeakMap<WorkRow, number>();
  private finisher: Finisher;

  constructor(
    workers: Worker<never>[],
    private readonly parts: PoolParts,
  ) {
    for (const worker of workers) for (const kind of worker.kinds) this.byKind.set(kind, worker);
  }

  workerOf(kind: string): Worker<never> | undefined {
    return this.byKind.get(kind);
  }

  start(finisher: Finisher): void {
    this.finisher = finisher;
    if (!this.byKind.size) return;
    this.started = true;
    this.claiming = this.claimLoop();
    this.extending = this.extendLoop();
    for (const lane of this.lanes.values()) this.pump(lane);
  }

  reserve(drafts: WorkDraft[]): Map<string, number> {
    const leases = new Map<string, number>();
    if (!this.started || this.stopping.signal.aborted) return leases;
    for (const draft of drafts) {
      const worker = this.byKind.get(draft.kind);
      if (
        !worker ||
        limitOf(worker, draft.target) ||
        leases.has(draft.id) ||
        (draft.notBefore && draft.notBefore > this.parts.store.now())
      )
        continue;
      if (this.lane(worker, draft.target).reserve(draft.tenant)) leases.set(draft.id, worker.leaseMs);
    }
    return leases;
  }

  settle(drafts: WorkDraft[], leases: Map<string, number>, inserted: ReadonlySet<string>): void {
    const open = new Map(leases);
    for (const draft of drafts) {
      const worker = this.byKind.get(draft.kind);
      if (!worker) continue;
      if (!open.delete(draft.id)) {
        if (inserted.has(draft.id) && !leases.has(draft.id)) this.unclaimed(this.dueInMs(draft));
        continue;
      }
      const lane = this.lane(worker, draft.target);
      lane.release(draft.tenant);
      if (inserted.has(draft.id))
        lane.add(this.leased({ ...draft, fence: 1, attempts: 1, status: 'QUEUED', createdAt: new Date() }));
    }
    for (const lane of this.lanes.values()) this.pump(lane);
  }

  /** Whether this process holds no work. */
  idle(): boolean {
    return [...this.lanes.values()].every((lane) => lane.isIdle());
  }

  /** Lets running rounds end, for at most so long; then aborts them and gives back what has not begun. */
  async stop(withinMs: number): Promise<void> {
    this.stopping.abort();
    this.wake();
    const waiting = [...this.lanes.values()].flatMap((lane) => lane.drop(() => true));
    const over = new AbortController();
    const rounds = Promise.all([...this.lanes.values()].map((lane) => lane.ended()));
    await Promise.race([rounds, delay(withinMs, over.signal)]);
    over.abort();
    for (const lane of this.lanes.values()) lane.abort.abort();
    await Promise.all([this.claiming, this.extending]);
    await this.giveBack(waiting.map(unbegun));
  }

  private lane(worker: Worker<never>, target: string): Lane {
    const name = `${worker.kinds[0]}\n${target}`;
    let lane = this.lanes.get(name);
    if (!lane) this.lanes.set(name, (lane = new Lane(worker, target)));
    return lane;
  }

  private pump(lane: Lane): void {
    while (this.started && !this.stopping.signal.aborted && lane.hasWaiting() && lane.running < lane.worker.rounds) {
      const limit = limitOf(lane.worker, lane.target);
      if (limit === 'none' || (limit === 'one' && lane.running)) return;
      const rows = lane.take(limit && 1);
      lane.running++;
      void this.round(lane, rows).finally(() => {
        lane.over();
        this.pump(lane);
        if (this.backlog && !lane.isFull()) this.wake();
      });
    }
  }

  private async round(lane: Lane, taken: WorkRow[]): Promise<void> {
    const spans = new WorkSpans(lane.worker, taken);
    const { rows } = spans;
    // With tracing they are copies.
    for (const [index, row] of rows.entries())
      lane.held.set(row.id, this.leased(row, this.leasedAt.get(taken[index]!)));
    const round: Round = {
      markSent: (asked) => this.markSent(lane, asked),
      finish: async (row, outcome) => {
        await this.finish(lane, row, outcome);
        spans.ended(row, outcome as WorkOutcome<never>);
      },
      signal: lane.abort.signal,
    };
    try {
      await lane.worker.perform(rows, round);
    } catch (error) {
      spans.over(error);
      await this.failed(lane, rows, error);
    } finally {
      spans.over();
      for (const row of rows) lane.held.delete(row.id);
    }
  }

  private async markSent(lane: Lane, rows: WorkRow[]): Promise<WorkRow[]> {
    const marks = await this.parts.store.markSent(
      rows.map(({ id, fence }) => ({ id, fence })),
      lane.worker.leaseMs,
    );
    const ours = rows.flatMap((row): WorkRow[] => {
      const mark = marks.get(row.id);
      return mark ? [this.leased({ ...row, ...mark, status: 'SENT' })] : [];
    });
    for (const row of ours) lane.held.set(row.id, row);
    return ours;
  }

  private async finish<O>(lane: Lane, row: WorkRow, outcome: WorkOutcome<O>): Promise<void> {
    await this.finisher.finish(row, outcome as WorkOutcome<never>);
    lane.held.delete(row.id);
    if (outcome.tag === 'retry') this.unclaimed(outcome.inMs);
  }

  /** A worker's exception: what it left unfinished goes back. Later each time, but soon again where it may be an engine that was away: no fault of the row's. */
  private async failed(lane: Lane, rows: WorkRow[], error: unknown): Promise<void> {
    const left = rows.map((row) => lane.held.get(row.id)).filter((row) => row !== undefined);
    this.parts.metrics.workFailed.inc({ kind: lane.worker.kinds[0]! });
    this.parts.log.error(
      { err: error, kind: lane.worker.kinds[0], target: lane.target, rows: left.length },
      'a worker failed; its rows go back',
    );
    await this.giveBack(
      left.map(({ id, fence, attempts }) => ({
        id,
        fence,
        delayMs: Math.min(500 * 2 ** attempts, kindOf(error) === 'content' ? MAX_DELAY_MS : MAX_AWAY_DELAY_MS),
      })),
    );
  }

  /** Tried for a while where the store is away: else each waits for the end of its lease. */
  private async giveBack(rows: GivenBack[]): Promise<void> {
    if (!rows.length) return;
    const backoff = new Backoff(100, 1_000);
    for (let tries = 1; ; tries++) {
      try {
        await this.parts.store.release(rows);
        return this.unclaimed(0);
      } catch (error) {
        const about = { err: messageOf(error), rows: rows.length };
        if (tries === GIVE_BACK_TRIES || this.stopping.signal.aborted)
          return this.parts.log.warn(about, 'work was not given back; it is free when its lease ends');
        await backoff.pause(this.stopping.signal);
      }
    }
  }

  private dueInMs({ notBefore }: WorkDraft): number {
    return notBefore ? notBefore.getTime() - this.parts.store.now().getTime() : 0;
  }

  /** There is work in the table that nobody holds, due then. */
  private unclaimed(inMs: number): void {
    if (inMs > POLL_MS) return; // the poll is there by then
    this.backlog = true;
    if (inMs <= 0) this.wake();
    else setTimeout(() => this.wake(), inMs + 5).unref();
  }

  private async claimLoop(): Promise<void> {
    const backoff = new Backoff(100, 2000);
    while (!this.stopping.signal.aborted) {
      try {
        while (await this.claim());
        backoff.reset();
      } catch (error) {
        this.parts.log.warn({ err: messageOf(error) }, 'claiming work failed; trying again');
        await backoff.pause(this.stopping.signal);
      }
      await this.awaken();
    }
  }

  /** Waits for a reason to look into the table, at most the poll's time. */
  private awaken(): Promise<void> {
    const woken = new AbortController();
    this.wake = () => woken.abort();
    if (this.stopping.signal.aborted) woken.abort();
    return delay(POLL_MS, woken.signal);
  }

  /** True if there is probably more to take. */
  private async claim(): Promise<boolean> {
    this.backlog = false;
    let more = false;
    for (const worker of new Set(this.byKind.values())) {
      await this.giveBack(this.heldUp(worker).map(unbegun));
      if (!mayBegin(worker)) continue;
      const rows = await this.claimFor(worker);
      // Shared evenly by tenants, so that less than asked for does not mean there is no more.
      if (rows.length) more = this.backlog = true;
      if (this.stopping.signal.aborted) {
        await this.giveBack(rows.map(unbegun));
        return false;
      }
      for (const row of rows) this.lane(worker, row.target).add(this.leased(row));
    }
    for (const lane of this.lanes.values()) this.pump(lane);
    return more;
  }

  /** What waits here for a target of which nothing may be begun now: another process may well begin with it. */
  private heldUp(worker: Worker<never>): WorkRow[] {
    const lanes = [...this.lanes.values()].filter((lane) => lane.worker === worker && limitOf(worker, lane.target));
    return lanes.flatMap((lane) => lane.drop(() => true));
  }

  private async claimFor(worker: Worker<never>): Promise<WorkRow[]> {
    const lanes = [...this.lanes.values()].filter((lane) => lane.worker === worker);
    const limits = worker.limits?.() ?? NO_LIMITS;
    const fullTargets = [...lanes.filter((lane) => lane.isFull()).map(({ target }) => target), ...limits.keys()];
    if (fullTargets.length) this.backlog = true;
    const ask = (limit: number, where: { fullTargets: string[]; only?: string }) =>
      this.parts.store.claim({
        kinds: [...worker.kinds],
        limit,
        leaseMs: worker.leaseMs,
        held: lanes.flatMap((lane) => [...lane.held.keys(), ...lane.queued().map(({ id }) => id)]),
        ...where,
      });
    const rows = await ask(Math.min(CLAIM_LIMIT, worker.roundSize * worker.rounds), { fullTargets });
    for (const [target, limit] of limits)
      if (limit === 'one' && this.lane(worker, target).isIdle())
        rows.push(...(await ask(1, { fullTargets: [], only: target })));
    return rows;
  }

  private leased(row: WorkRow, at = performance.now()): WorkRow {
    this.leasedAt.set(row, at);
    return row;
  }

  private async extendLoop(): Promise<void> {
    const shortest = Math.min(...[...this.byKind.values()].map((worker) => worker.leaseMs));
    const until = AbortSignal.any([this.stopping.signal]);
    while (!until.aborted) {
      await delay(shortest / 3, until);
      for (const lane of this.lanes.values()) await this.extend(lane);
    }
  }

  private async extend(lane: Lane): Promise<void> {
    // The loop comes by as often as the shortest lease needs. A third of a row's own has to pass, so that no row is written needlessly.
    const due = performance.now() - lane.worker.leaseMs / 3;
    const rows = [...lane.held.values(), ...lane.queued()].filter((row) => (this.leasedAt.get(row) ?? 0) <= due);
    if (!rows.length) return;
    try {
      const ours = await this.parts.store.extend(
        rows.map(({ id, fence }) => ({ id, fence })),
        lane.worker.leaseMs,
      );
      for (const row of rows) this.leased(row);
      // Not begun and no longer ours: another has it. What runs finds out by its fence.
      const asked = new Set(rows);
      lane.drop((row) => asked.has(row) && !ours.has(row.id));
    } catch (error) {
      this.parts.log.warn({ err: messageOf(error) }, 'leases were not extended');
    }
  }
}

const mayBegin = (worker: Worker<never>): boolean => worker.mayBegin?.() ?? true;

const NO_LIMITS: ReadonlyMap<string, 'none' | 'one'> = new Map();

/** What is allowed of a target now, if it is not everything. */
const limitOf = (worker: Worker<never>, target: string): 'none' | 'one' | undefined =>
  mayBegin(worker) ? worker.limits?.().get(target) : 'none';

const unbegun = ({ id, fence }: WorkRow): GivenBack => ({ id, fence, delayMs: 0, unbegun: true });
