import { Backoff } from './backoff.js';
import type { Committer } from './committer.js';
import { kindOf, messageOf, StoreFailure } from './errors.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { DeferredWork, EndedWork, Store, StoreTx } from './ports.js';
import type { States, Worker, WorkOutcome, WorkRow } from './stream.js';
import type { Step, UnitOfWork } from './unit-of-work.js';

const CHUNK = 200;
/** Attempts after which a row whose outcome cannot be decided on ends with what its worker has for that. */
const UNDECIDABLE_AFTER = 5;

interface Item {
  row: WorkRow;
  outcome: WorkOutcome<never>;
  /** It ends as undecidable; there is no further way out. */
  last?: boolean;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** A row's own `decide` failed: it is left out of the transaction. */
class RowFailed extends Error {
  constructor(
    readonly item: Item,
    override readonly cause: unknown,
  ) {
    super(messageOf(cause));
  }
}

/**
 * Stores outcomes: all that were handed in while the last transaction ran go in the next one. Only where the fence still
 * matches does a completion change anything (guarantee 9); a late one is written down beside.
 */
export class Finisher {
  private queue: Item[] = [];
  private running = false;

  constructor(
    private readonly store: Store,
    private readonly committer: Committer,
    private readonly workerOf: (kind: string) => Worker<never> | undefined,
    private readonly log: Log,
    private readonly metrics: Metrics,
    private readonly signal: AbortSignal,
  ) {}

  finish(row: WorkRow, outcome: WorkOutcome<never>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.queue.push({ row, outcome, resolve, reject });
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      // Outcomes that come in the same turn of the event loop share the transaction.
      await Promise.resolve();
      while (this.queue.length) await this.persist(this.queue.splice(0, CHUNK));
    } finally {
      // In the very step that found the queue empty: what is handed in a moment later begins anew.
      this.running = false;
    }
  }

  private async persist(items: Item[]): Promise<void> {
    const backoff = new Backoff(25, 2000);
    for (let left = items, retried = false; left.length; retried = true) {
      try {
        await this.commit(left, retried);
        for (const { resolve } of left) resolve();
        return;
      } catch (error) {
        if (error instanceof RowFailed) {
          left = left.filter((item) => item !== error.item);
          await this.giveUp(error.item, error.cause);
          continue;
        }
        const kind = kindOf(error);
        if (kind === 'content' && left.length > 1) {
          for (const item of left) await this.persist([item]);
          return;
        }
        if (kind === 'content') return await this.giveUp(left[0]!, error);
        this.metrics.retries.inc({ what: `finish-${kind}` });
        if (kind === 'transient')
          this.log.warn({ err: messageOf(error), rows: left.length }, 'finished work waits to be stored');
        await backoff.pause(this.signal);
        if (this.signal.aborted) return left.forEach((item) => item.reject(error));
      }
    }
  }

  /** A bug in `decide`: the row keeps its place and is performed again, later each time, but not for ever. */
  private async giveUp(item: Item, error: unknown): Promise<void> {
    const { row, outcome, reject } = item;
    this.metrics.workFailed.inc({ kind: row.kind });
    const end =
      outcome.tag === 'done' && !item.last && row.attempts >= UNDECIDABLE_AFTER
        ? this.workerOf(row.kind)?.undecidable?.(row)
        : undefined;
    if (end) {
      this.log.error(
        { err: error, kind: row.kind, id: row.id },
        'an outcome could not be decided on; the work ends so',
      );
      const ending = { tag: 'done', ...end } as WorkOutcome<never>;
      return this.persist([{ ...item, outcome: ending, last: true }]);
    }
    this.log.error(
      { err: error, kind: row.kind, id: row.id },
      'an outcome could not be decided on; the work goes back',
    );
    await this.store
      .release([{ id: row.id, fence: row.fence, delayMs: Math.min(1000 * 2 ** (row.attempts - 1), 60_000) }])
      .catch((failure: unknown) =>
        this.log.warn(
          { err: messageOf(failure), id: row.id },
          'work was not given back; it is free when its lease ends',
        ),
      );
    reject(error);
  }

  private async commit(items: Item[], retried: boolean): Promise<void> {
    // In one order everywhere, so that two finishers do not wait for each other.
    const sorted = [...items].sort((a, b) => (a.row.id < b.row.id ? -1 : 1));
    const done = sorted.flatMap(({ row, outcome }): EndedWork[] =>
      outcome.tag === 'done'
        ? [{ id: row.id, fence: row.fence, status: outcome.status, outcome: outcome.outcome }]
        : [],
    );
    const deferred = sorted.flatMap(({ row, outcome }): DeferredWork[] => {
      if (outcome.tag === 'done') return [];
      const { status, inMs, because } = outcome;
      return [{ id: row.id, fence: row.fence, status, inMs, because }];
    });
    await this.committer.commit(async (tx, unit) => {
      const sent = deferred.length ? tx.deferWork(deferred) : undefined;
      const ending = done.length ? tx.endWork(done) : new Set<string>();
      const [ended] = await Promise.all([
        ending,
        unit.load([{ touches: this.keysOf(sorted), decide: () => [] }]),
        sent,
      ]);
      await this.late(
        tx,
        done.filter(({ id }) => !ended.has(id)),
        retried,
      );
      await this.decide(
        unit,
        sorted.filter(({ row }) => ended.has(row.id)),
      );
      return { value: undefined };
    });
    for (const { row, outcome } of items)
      if (outcome.tag === 'done') this.metrics.workEnded.inc({ kind: row.kind, status: outcome.status });
  }

  private async late(tx: StoreTx, unmatched: EndedWork[], retried: boolean): Promise<void> {
    if (!unmatched.length) return;
    // After a commit whose answer was lost the rows stand as we ended them.
    const ours = retried ? await tx.endedByUs(unmatched) : new Set<string>();
    const late = unmatched.filter(({ id }) => !ours.has(id));
    if (!late.length) return;
    this.metrics.workLate.inc(late.length);
    this.log.warn({ ids: late.map(({ id }) => id) }, 'completions came late; another owner has the work');
    await tx.lateWork(late);
  }

  private async decide(unit: UnitOfWork, items: Item[]): Promise<void> {
    const steps: { item: Item; step: Step }[] = [];
    for (const item of items) steps.push({ item, step: await guarded(item, async () => this.stepOf(item)) });
    await unit.load(steps.map(({ step }) => step));
    for (const { item, step } of steps) await guarded(item, () => unit.run(step));
  }

  /** Asked for together with the fence: what comes late is loaded in vain. What throws here throws again as a row's own. */
  private keysOf(items: Item[]): string[] {
    return items.flatMap((item) => {
      try {
        return item.outcome.tag === 'done' ? this.stepOf(item).touches : [];
      } catch {
        return [];
      }
    });
  }

  private stepOf({ row, outcome }: Item): Step {
    const worker = this.workerOf(row.kind) as Worker<unknown> | undefined;
    if (!worker || outcome.tag !== 'done') throw new TypeError(`nobody performs ${row.kind}`);
    const decided = outcome.outcome as unknown;
    return {
      touches: worker.touches(row, decided),
      decide: (states: States, now) => worker.decide(row, decided, states, now),
      traceparent: row.traceparent,
    };
  }
}

async function guarded<T>(item: Item, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof StoreFailure) throw error;
    throw new RowFailed(item, error);
  }
}
