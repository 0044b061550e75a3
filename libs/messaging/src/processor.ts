/*
 * What a batch of records is worth to a service: its effects once, whatever is delivered how often.
 *
 *  1  One transaction a chunk, or for the chunks of several partitions that wait at the same time: offsets, states, work, read models,
 *     parked records and one outbox row are there together or not at all.
 *  2  The offset moves only from the value this process believes in, and the number of rows moved is looked at. An owner that was
 *     replaced (a zombie, a stale batch) therefore rolls back, takes over the stored position and changes nothing.
 *  3  What is below the stored position is dropped; a repeat of an event on another offset finds its state row.
 *  4  A first record above the stored position stops the service, unless the log shows that nothing was ever readable in between.
 *     So does a log that ends before the stored position. (kafkajs resets silently in both cases.)
 *  5  Nothing is fetched between a join and the positions loaded for it.
 *  6  Content never throws: what cannot be read is parked with its reason, what a handler throws on is parked as HANDLER_FAILED,
 *     and its neighbours are handled.
 *  7  What fails for another reason (an engine is away) is tried again for ever and holds its line, with the membership kept alive.
 *  8  Nothing is published before the commit, and everything after it: by this process, or from the outbox by any other.
 *  9  The same work id is written down once; it is performed by one owner at a time, and a late finisher changes nothing.
 * 10  A consumer's transaction that emits nothing need not be on disk when its commit is answered. If the database loses it in a crash, the
 *     offset goes with the states, and the log still has the records: they are done again. What was begun on it cannot outlive it either:
 *     a later commit that is on disk has it there before it (markSent, an end, everything that is published). So says a commit of an
 *     ingester, of a command, of finished work, or with an outbox row, only what is on disk.
 */
import { decodeRecord, Poison, type Incoming, type RawRecord } from '@countersign/contracts';
import { Backoff, delay } from './backoff.js';
import type { Committer } from './committer.js';
import { ChunkDecider, type Extra } from './chunk-decider.js';
import { GapError, kindOf, messageOf } from './errors.js';
import { APART, GroupCommit } from './group-commit.js';
import { Lines, type Line } from './lines.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { ParkingLot } from './parking.js';
import type { Batch, Bounds, Broker, Store, StoreTx } from './ports.js';
import type { Consumer, Ingester, Read } from './stream.js';
import { recordsTraced } from './record-spans.js';
import type { UnitOfWork } from './unit-of-work.js';

export type Subscription = Consumer<never> | Ingester;
export type Decode = (record: RawRecord) => Incoming;
export const isIngester = (subscription: Subscription): subscription is Ingester => 'ingest' in subscription;

export const CHUNK = 300;
const HEARTBEAT_MS = 1500;
const GROUPS_AT_ONCE = 3;
const BOUNDS_AGAIN_MS = 250;

export interface ProcessorParts {
  store: Store;
  broker: Broker;
  committer: Committer;
  parking: ParkingLot;
  lines: Lines;
  log: Log;
  metrics: Metrics;
  topicPrefix: string;
  decode: Decode;
  fatal: (error: unknown) => void;
  signal: AbortSignal;
}

/** What became of a chunk: `lost` means another owner moved the offset. */
type Outcome = 'done' | 'lost' | 'stale';

export class BatchProcessor {
  private readonly decider: ChunkDecider;
  private readonly groups = new Map<string, GroupCommit<Chunk, Outcome>>();

  constructor(
    private readonly subscriptions: Map<string, Subscription>,
    private readonly parts: ProcessorParts,
  ) {
    this.decider = new ChunkDecider(parts);
    const limits = { atOnce: GROUPS_AT_ONCE, size: CHUNK, sizeOf: ({ reads }: Chunk) => reads.length };
    for (const [name, subscription] of subscriptions)
      this.groups.set(name, new GroupCommit(limits, (chunks) => this.attempt(subscription, chunks)));
  }

  /** Handles a batch whole, or as far as the partition stays ours. Never throws on content. */
  async handle(batch: Batch): Promise<void> {
    const subscription = this.subscriptions.get(batch.subscription);
    const line = this.parts.lines.of(batch.subscription, batch);
    if (!subscription || !line || this.parts.signal.aborted) return;
    // What it throws is thrown by the next heartbeat too, where it is looked at.
    const beating = setInterval(() => batch.heartbeat().catch(() => {}), HEARTBEAT_MS).unref();
    try {
      if (!(await this.inLine(batch, line))) return;
      const fresh = batch.records.filter((record) => record.offset >= line.next);
      if (!fresh.length) batch.seek(line.next);
      for (let start = 0; start < fresh.length; start += CHUNK) {
        const outcome = await this.persist(batch, subscription, line, fresh.slice(start, start + CHUNK));
        if (outcome !== 'done') return;
        batch.resolve(line.next);
      }
      this.parts.lines.passed(batch.subscription, batch, batch.end);
    } finally {
      clearInterval(beating);
    }
  }

  /** Guarantee 4. False: not now. */
  private async inLine(batch: Batch, line: Line): Promise<boolean> {
    const first = batch.records[0]?.offset ?? line.next;
    if (batch.highWatermark >= line.next && first <= line.next) return true;
    const bounds = await this.boundsOf(batch);
    if (!bounds) return this.again(batch, line);
    const place = `${batch.topic}[${batch.partition}]`;
    // Not as the batch has it, which may have been fetched before another owner went on.
    if (bounds.high < line.next)
      return this.stop(new GapError(place, `the log ends at ${bounds.high}, before the stored position ${line.next}`));
    if (bounds.low > line.next)
      return this.stop(new GapError(place, `records ${line.next} to ${bounds.low - 1n} are gone unread`));
    if (first <= line.next) return this.again(batch, line);
    // Markers of a producer's transaction take offsets and are never delivered. Asked for again, the same gap is one of those.
    if (line.gapSeen === first) return true;
    line.gapSeen = first;
    return this.again(batch, line);
  }

  private again(batch: Batch, line: Line): false {
    batch.seek(line.next);
    return false;
  }

  /** As the broker says now; undefined, after a while, if it does not answer. */
  private async boundsOf({ topic, partition }: Batch): Promise<Bounds | undefined> {
    try {
      return (await this.parts.broker.bounds(topic)).get(partition);
    } catch (error) {
      this.parts.log.warn(
        { err: messageOf(error), topic, partition },
        'the ends of the log are not known; asked again',
      );
      await delay(BOUNDS_AGAIN_MS, this.parts.signal);
      return undefined;
    }
  }

  private stop(error: GapError): false {
    this.parts.fatal(error);
    return false;
  }

  /** Guarantee 7. */
  private async persist(batch: Batch, subscription: Subscription, line: Line, records: RawRecord[]): Promise<Outcome> {
    const reads = records.map((record) => this.read(subscription, record));
    const chunk = { batch, line, from: line.next, reads };
    const backoff = new Backoff(25, 2000);
    let apart = false;
    while (!batch.isStale() && !this.parts.signal.aborted) {
      try {
        const outcome = apart ? APART : await this.groups.get(batch.subscription)!.join(chunk);
        if (outcome !== APART) return outcome;
        apart = true;
        return await this.attempt(subscription, [chunk]);
      } catch (error) {
        const kind = kindOf(error);
        if (kind === 'content') return this.isolate(batch, subscription, line, reads, error);
        this.parts.metrics.retries.inc({ what: `batch-${kind}` });
        if (kind === 'transient')
          this.parts.log.warn(
            { err: messageOf(error), topic: batch.topic, partition: batch.partition },
            'a batch waits and is tried again',
          );
      }
      await backoff.pause(this.parts.signal);
      if (!(await stillMember(batch))) return 'stale';
    }
    return 'stale';
  }

  /** Guarantee 6 for what only shows in the database or in a read model: halves until the one record is found. */
  private async isolate(
    batch: Batch,
    subscription: Subscription,
    line: Line,
    reads: Read[],
    error: unknown,
  ): Promise<Outcome> {
    const only = reads.length === 1 ? reads[0] : undefined;
    if (only) {
      this.parts.log.error(
        { err: error, topic: batch.topic, offset: String(only.record.offset) },
        'a record could not be applied and is parked',
      );
      return this.persistParked(batch, subscription, line, only, messageOf(error));
    }
    const middle = Math.ceil(reads.length / 2);
    const half = async (part: Read[]) =>
      this.persist(
        batch,
        subscription,
        line,
        part.map((read) => read.record),
      );
    const first = await half(reads.slice(0, middle));
    return first === 'done' ? half(reads.slice(middle)) : first;
  }

  private async persistParked(
    batch: Batch,
    subscription: Subscription,
    line: Line,
    read: Read,
    detail: string,
  ): Promise<Outcome> {
    const backoff = new Backoff(25, 2000);
    const row = this.parts.parking.row(subscription.name, read.record, 'HANDLER_FAILED', detail);
    const chunk = { batch, line, from: line.next, reads: [read] };
    while (!batch.isStale() && !this.parts.signal.aborted) {
      try {
        return await this.transact([chunk], async (tx) => this.decider.park(tx, [row]));
      } catch (error) {
        this.parts.log.warn({ err: messageOf(error) }, 'parking waits and is tried again');
      }
      await backoff.pause(this.parts.signal);
    }
    return 'stale';
  }

  /** One transaction over chunks of one subscription (guarantees 1 and 2). */
  private async attempt(subscription: Subscription, chunks: Chunk[]): Promise<Outcome> {
    const reads = chunks.flatMap((chunk) => chunk.reads);
    const { name } = subscription;
    const reader = { name, topicPrefix: this.parts.topicPrefix, isIngester: isIngester(subscription) };
    return recordsTraced(reader, reads, async (traced) => {
      const started = performance.now();
      const run = isIngester(subscription)
        ? this.decider.ingest(subscription, traced)
        : await this.decider.prepare(subscription as Consumer<unknown>, traced);
      const outcome = await this.transact(chunks, run, !isIngester(subscription));
      for (const { batch, reads } of chunks) {
        this.parts.metrics.batchSeconds.observe({ topic: batch.topic }, (performance.now() - started) / 1000);
        if (outcome === 'done') this.parts.metrics.handled.inc({ topic: batch.topic }, reads.length);
      }
      return outcome;
    });
  }

  private async transact(
    chunks: Chunk[],
    run: (tx: StoreTx, unit: UnitOfWork) => Promise<Extra | void>,
    repeatable = true,
  ): Promise<Outcome> {
    try {
      await this.parts.committer.commit(async (tx, unit) => {
        unit.condition = advanced(tx, chunks);
        unit.condition.catch(() => {}); // thrown where it is waited for
        const extra = await run(tx, unit);
        await unit.condition;
        return { value: undefined, repeatable, ...extra };
      });
    } catch (error) {
      // Of several nobody knows yet whose offset it was: alone each finds out.
      if (!(error instanceof LostOffset) || chunks.length > 1) throw error;
      return this.lost(chunks[0]!.batch, chunks[0]!.line);
    }
    for (const chunk of chunks) {
      const { batch, line } = chunk;
      line.next = endOf(chunk);
      line.gapSeen = undefined;
      const lag = Number(batch.highWatermark - line.next);
      this.parts.metrics.lag.set({ topic: batch.topic, partition: batch.partition }, lag);
    }
    return 'done';
  }

  /** Guarantee 2: somebody else is, or was, the owner. Their position is the truth. */
  private async lost(batch: Batch, line: Line): Promise<Outcome> {
    this.parts.metrics.lost.inc();
    await this.parts.lines.reload(line);
    this.parts.log.info(
      { topic: batch.topic, partition: batch.partition, next: String(line.next) },
      'another owner moved the offset; going on from there',
    );
    batch.seek(line.next);
    return 'lost';
  }

  private read(subscription: Subscription, record: RawRecord): Read {
    // Nobody here looks at it. If it is poison, whoever handles the type parks it.
    if (isIgnored(subscription, record)) return { record, incoming: undefined, poison: undefined };
    try {
      return { record, incoming: this.parts.decode(record), poison: undefined };
    } catch (error) {
      if (error instanceof Poison) return { record, incoming: undefined, poison: error };
      // A bug in a reader is no reason to stop: it is as unreadable as poison.
      return { record, incoming: undefined, poison: new Poison('NOT_AN_EVENT', messageOf(error)) };
    }
  }
}

/** Part of a batch, with where its partition stands. */
interface Chunk {
  batch: Batch;
  line: Line;
  /** Where the line stood when these were what came next: put back meanwhile (`Lines.putBack`), it must not be passed over. */
  from: bigint;
  reads: Read[];
}

const endOf = ({ reads }: Chunk): bigint => reads.at(-1)!.record.offset + 1n;

/** Whether its header says that it is of a type this consumer ignores. */
function isIgnored(subscription: Subscription, { topic, headers }: RawRecord): boolean {
  const type = headers['ce_type'];
  if (isIngester(subscription) || (typeof type !== 'string' && !Buffer.isBuffer(type))) return false;
  const routes = subscription.topics[topic] as Record<string, unknown> | undefined;
  const name = type.toString();
  return routes !== undefined && Object.hasOwn(routes, name) && routes[name] === 'ignore';
}

async function advanced(tx: StoreTx, chunks: Chunk[]): Promise<void> {
  const moves = chunks.map((chunk) => ({ key: chunk.line.key, from: chunk.from, to: endOf(chunk) }));
  if (!(await tx.advance(moves))) throw new LostOffset();
}

/** Rolls the transaction back; never leaves this file. */
class LostOffset extends Error {}

async function stillMember(batch: Batch): Promise<boolean> {
  try {
    await batch.heartbeat();
    return true;
  } catch {
    return false;
  }
}

export const defaultDecode: Decode = decodeRecord;
