import type { OutRecord } from '@countersign/contracts';
import { Backoff, delay } from './backoff.js';
import { isTooLarge, messageOf, PublishTimeout, RefusedRecord } from './errors.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { Broker, Store } from './ports.js';
import { sendBytes } from './record-size.js';

/** A send stays below what the broker takes as one batch of a partition (4 MiB). */
const SEND_BYTES = 2 * 1024 * 1024;
/** More than this waiting, and those who add wait too. */
const HIGH_WATER = 4000;
/** Nobody waits for a deletion: what is sent meanwhile goes with it. */
const FORGET_AFTER_MS = 50;
const LEFTOVER_AGE_MS = 5000;
const LEFTOVER_LIMIT = 100;

interface Entry {
  outboxId: string | undefined;
  records: OutRecord[];
  next: number;
  /** Why one of its records will never be taken. */
  refused?: RefusedRecord;
  done: (refused?: RefusedRecord) => void;
}

/**
 * One a process. Everything queued goes in one send, in the order it was queued, without lingering; a failed send is
 * repeated until the broker acknowledges it. The outbox row is deleted afterwards: a crash in between publishes again.
 * A record the broker calls too large is passed over, so that nothing waits behind it for ever; its row stays, for a person.
 */
export class Publisher {
  private readonly queue: Entry[] = [];
  private readonly inFlight = new Set<string>();
  /** Outbox rows with a record that the broker refused for good. */
  private readonly setAside = new Set<string>();
  /** So many records go one by one, since together they were called too large. */
  private single = 0;
  private readonly stopping = new AbortController();
  private waiting = 0;
  private running: Promise<void> | undefined;
  private forgetting: Promise<void> = Promise.resolve();
  private toForget: string[] = [];
  private forgettingSoon = false;
  private drained: (() => void)[] = [];

  constructor(
    private readonly broker: Broker,
    private readonly store: Store,
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {}

  /** Queues an outbox row. Resolves at once while there is room, else when there is again. */
  async add(outboxId: string, records: OutRecord[]): Promise<void> {
    this.enqueue(outboxId, records, () => {});
    while (this.waiting > HIGH_WATER && !this.stopping.signal.aborted)
      await new Promise<void>((resolve) => this.drained.push(resolve));
  }

  /**
   * Publishes without an outbox row. Rejects with `PublishTimeout` if it was not acknowledged in time, with
   * `RefusedRecord` if the broker will never take it.
   */
  async publish(records: OutRecord[], deadlineMs: number): Promise<void> {
    const over = new AbortController();
    const sent = new Promise<boolean>((resolve, reject) =>
      this.enqueue(undefined, records, (refused) => (refused ? reject(refused) : resolve(true))),
    );
    const late = delay(deadlineMs, over.signal).then(() => false);
    const acknowledged = await Promise.race([sent, late]).finally(() => over.abort());
    if (!acknowledged) throw new PublishTimeout(deadlineMs);
  }

  /** Queues what others left behind. */
  async leftovers(): Promise<void> {
    for (;;) {
      const rows = (await this.store.leftovers(LEFTOVER_AGE_MS, LEFTOVER_LIMIT)).filter(
        (row) => !this.inFlight.has(row.id) && !this.setAside.has(row.id),
      );
      for (const row of rows) {
        this.metrics.leftovers.inc();
        await this.add(row.id, row.records);
      }
      if (rows.length < LEFTOVER_LIMIT) return;
    }
  }

  /** Whether nothing is queued, being sent or to be deleted. */
  idle(): boolean {
    return !this.queue.length && !this.inFlight.size && !this.toForget.length;
  }

  /** Sends what is queued, for at most so long. What is left stays in the outbox. */
  async stop(withinMs: number): Promise<void> {
    const over = new AbortController();
    await Promise.race([this.settled(), delay(withinMs, over.signal)]);
    over.abort();
    this.stopping.abort();
    this.release();
    await Promise.race([this.forgetting, delay(200)]);
  }

  private async settled(): Promise<void> {
    while (this.running) await this.running;
    await this.forgetting;
  }

  private enqueue(outboxId: string | undefined, records: OutRecord[], done: Entry['done']): void {
    if (outboxId !== undefined) this.inFlight.add(outboxId);
    this.queue.push({ outboxId, records, next: 0, done });
    this.waiting += records.length;
    if (!this.stopping.signal.aborted) this.running ??= this.run();
  }

  private async run(): Promise<void> {
    const backoff = new Backoff(50, 2000);
    while (this.queue.length && !this.stopping.signal.aborted) {
      const { records, through } = this.take();
      try {
        await this.broker.publish(records);
      } catch (error) {
        if (isTooLarge(error)) {
          this.tooLarge(records, through, error);
          continue;
        }
        this.log.warn({ err: messageOf(error), records: records.length }, 'publishing failed; trying again');
        this.metrics.retries.inc({ what: 'publish' });
        await backoff.pause(this.stopping.signal);
        continue;
      }
      backoff.reset();
      this.sent(records.length, through);
    }
    // In the turn that saw the queue empty: what is queued a moment later has to start the next run.
    this.running = undefined;
  }

  /** Together: one by one, to find which. Alone: passed over. */
  private tooLarge(records: OutRecord[], through: number[], error: unknown): void {
    this.metrics.retries.inc({ what: 'publish-too-large' });
    if (records.length > 1) {
      this.single = records.length;
      return;
    }
    const [{ topic, headers } = { topic: undefined, headers: {} as Record<string, string> }] = records;
    this.log.error(
      { err: messageOf(error), topic, type: headers['ce_type'], id: headers['ce_id'] },
      'the broker refuses this record for ever; it is passed over, and its outbox row is kept',
    );
    this.queue.find(({ next }, index) => (through[index] ?? 0) > next)!.refused = new RefusedRecord(error);
    this.sent(1, through);
  }

  /** What goes in the next send: how many records of each entry at the head of the queue. */
  private take(): { records: OutRecord[]; through: number[] } {
    const records: OutRecord[] = [];
    const through: number[] = [];
    let bytes = 0;
    for (const entry of this.queue) {
      let next = entry.next;
      for (; next < entry.records.length; next++) {
        const record = entry.records[next]!;
        bytes += sendBytes(record) + 512;
        if (records.length && (bytes > SEND_BYTES || this.single > 0)) break;
        records.push(record);
      }
      through.push(next);
      if (next < entry.records.length) break;
    }
    return { records, through };
  }

  private sent(count: number, through: number[]): void {
    this.waiting -= count;
    this.single = Math.max(0, this.single - count);
    this.metrics.published.inc(count);
    let ended = 0;
    through.forEach((next, index) => {
      const entry = this.queue[index]!;
      entry.next = next;
      if (next < entry.records.length) return;
      ended++;
      entry.done(entry.refused);
      if (entry.outboxId === undefined) return;
      if (!entry.refused) return void this.toForget.push(entry.outboxId);
      this.setAside.add(entry.outboxId);
      this.inFlight.delete(entry.outboxId);
    });
    this.queue.splice(0, ended);
    if (this.waiting <= HIGH_WATER) this.release();
    if (this.toForget.length && !this.forgettingSoon) {
      this.forgettingSoon = true;
      this.forgetting = this.forgetting
        .then(() => delay(FORGET_AFTER_MS, this.stopping.signal))
        .then(() => this.forget());
    }
  }

  /** One deletion for all that was sent meanwhile. If it fails, the row is published again as a leftover: no harm. */
  private async forget(): Promise<void> {
    this.forgettingSoon = false;
    const ids = this.toForget.splice(0);
    if (!ids.length) return;
    try {
      await this.store.forget(ids);
    } catch (error) {
      this.log.warn(
        { err: messageOf(error), rows: ids.length },
        'published outbox rows were not deleted; they will be published again',
      );
    }
    for (const id of ids) this.inFlight.delete(id);
  }

  private release(): void {
    for (const resolve of this.drained.splice(0)) resolve();
  }
}
