import type { OutRecord, Topic } from '@countersign/contracts';
import { Backoff, delay } from './backoff.js';
import { continued } from './command-spans.js';
import { Committer, type Committed, type Project } from './committer.js';
import { kindOf, messageOf, WiringError } from './errors.js';
import { Finisher } from './finisher.js';
import { Health, type HealthReport } from './health.js';
import { atTheLast, takeOver, whereItStood, type Begin } from './join.js';
import { KafkaBroker } from './kafka/kafka-broker.js';
import type { KafkaSettings } from './kafka/kafka-settings.js';
import { Lines } from './lines.js';
import type { Log } from './log.js';
import { Metrics } from './metrics.js';
import { Parked } from './parked.js';
import { ParkingLot } from './parking.js';
import type { Batch, Bounds, Broker, Listener, Store } from './ports.js';
import { PostgresStore } from './postgres/postgres-store.js';
import { BatchProcessor, defaultDecode, isIngester, type Decode, type Subscription } from './processor.js';
import { Publisher } from './publisher.js';
import { refusedLogin, wordsOf } from './refused-login.js';
import { assertSendable } from './record-size.js';
import type { Command, Consumer, SqlTx, Worker } from './stream.js';
import { CountersignTransport } from './transport.js';
import type { Encode, SignAll } from './unit-of-work.js';
import { checkWiring, topicsOf } from './wiring.js';
import { WorkPool } from './work-pool.js';
import { TOPIC_RETENTION_MS } from '@countersign/contracts';

const DAY = 24 * 3600 * 1000;
const WORK_RETENTION_MS = 2 * TOPIC_RETENTION_MS;
/** Two clocks that are kept drift apart by less than a millisecond meanwhile. */
const READ_CLOCK_EVERY_MS = 10_000;
const LEFTOVERS_EVERY_MS = 5000;
const PUT_BACK_EVERY_MS = 5000;
const SWEEP_EVERY_MS = DAY / 24;
const COMMAND_ATTEMPTS = 20;

export interface MessagingOptions {
  // Subscriptions and workers differ in what they decide on; each is whole in itself.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  subscriptions: (Consumer<any> | Subscription)[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  workers: Worker<any>[];
  /** Writes what is emitted. */
  encode: Encode;
  /** Signs it, a transaction's records at once. */
  signAll?: SignAll;
  /** Read models of everything: batches, finished work and commands. */
  project?: Project;
  /** Counts what was done, batches, finished work and commands alike: called once for each transaction, after it is committed. */
  committed?: Committed;
  service: string;
  /** Name of this instance, kept over restarts and used by one process at a time. */
  instance: string;
  databaseUrl: string;
  kafka: KafkaSettings;
  topicPrefix: string;
  /** 32 bytes. */
  parkingKey: Buffer;
  log: Log;
  /** A reason of the service's own for not being ready, if it has one. */
  notReady?: () => string | undefined;
  /** What `/readyz` tells beside that, for a person to look at. Not asked while the database is away. */
  notices?: () => Promise<string[]>;
  /** What cannot be gone on from. The process has to end. */
  onFatal: (error: unknown) => void;
  /** Reads records; a newer schema may be tried. */
  decode?: Decode;
  maxConnections?: number;
  sessionTimeoutMs?: number;
  /** Other engines, for specs. */
  ports?: { broker: Broker; store: Store };
}

/** A service's messaging: see docs/messaging.md. Started by its transport, or by `start`. */
export class Messaging {
  readonly transport: CountersignTransport;
  readonly parked: Parked;
  readonly metrics = new Metrics();
  /** Outside any transaction: for what is asked over HTTP. */
  readonly sql: SqlTx;
  private readonly broker: Broker;
  private readonly store: Store;
  private readonly subscriptions: Map<string, Subscription>;
  private readonly lines: Lines;
  private readonly publisher: Publisher;
  private readonly pool: WorkPool;
  private readonly committer: Committer;
  private readonly processor: BatchProcessor;
  private readonly finisher: Finisher;
  private readonly monitor: Health;
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];
  private stopped: Promise<void> | undefined;
  private dead = false;
  /** What an engine refuses this service, by what it was asked for. */
  private readonly refused = new Map<string, string>();

  constructor(private readonly options: MessagingOptions) {
    const { log, decode = defaultDecode } = options;
    const subscriptions = options.subscriptions as Subscription[];
    checkWiring(subscriptions, options.workers);
    this.subscriptions = new Map(subscriptions.map((subscription) => [subscription.name, subscription]));
    this.broker = options.ports?.broker ?? openBroker(options);
    this.store = options.ports?.store ?? openStore(options);
    this.sql = this.store.sql;
    const { broker, store, metrics } = this;
    const parking = new ParkingLot(options.parkingKey);
    this.lines = new Lines(store);
    this.publisher = new Publisher(broker, store, log, metrics);
    this.pool = new WorkPool(options.workers as Worker<never>[], { store, log, metrics });
    this.committer = new Committer(store, this.publisher, this.pool, options, options.project);
    this.parked = new Parked(store, this.committer, parking, this.subscriptions, decode);
    const { committer, lines } = this;
    const signal = this.stopping.signal;
    this.processor = new BatchProcessor(this.subscriptions, {
      store,
      broker,
      committer,
      parking,
      lines,
      log,
      metrics,
      topicPrefix: options.topicPrefix,
      decode,
      signal,
      fatal: this.fatal,
    });
    this.finisher = new Finisher(store, committer, (kind) => this.pool.workerOf(kind), log, metrics, signal);
    this.monitor = new Health([...this.subscriptions.keys()], store, () => this.unready(), options.notices);
    this.transport = new CountersignTransport({
      topics: () => subscriptions.flatMap(topicsOf),
      start: (deliver) => this.start(deliver),
      stop: () => this.stop(),
    });
  }

  /** What a topic's handler calls. */
  handle(batch: Batch): Promise<void> {
    return this.processor.handle(batch);
  }

  /**
   * Begins to consume and to work; waits for engines that are away. Throws a `WiringError` for what waiting cannot mend.
   * Without an argument batches go straight to `handle`.
   */
  async start(deliver: (batch: Batch) => Promise<void> = (batch) => this.handle(batch)): Promise<void> {
    const topics = [...this.subscriptions.values()].flatMap(topicsOf);
    if (topics.length)
      await this.patiently('checking the topics', () => this.broker.checkTopics(topics, WORK_RETENTION_MS));
    await this.patiently('opening the store', async () => {
      await this.store.readClock();
      await this.store.adopt();
      await this.publisher.leftovers();
    });
    this.pool.start(this.finisher);
    const join = (subscription: Subscription) =>
      this.patiently('joining the group', () => this.subscribe(subscription, deliver));
    await Promise.all([...this.subscriptions.values()].map(join));
    this.loops.push(
      this.every(READ_CLOCK_EVERY_MS, () => this.store.readClock()),
      this.every(LEFTOVERS_EVERY_MS, () => this.publisher.leftovers()),
      this.every(PUT_BACK_EVERY_MS, () => this.putBack()),
      this.every(SWEEP_EVERY_MS, () => this.store.sweep(WORK_RETENTION_MS)),
    );
  }

  /** The database's time, whatever this process's own clock says: for instants that are stored. */
  now(): Date {
    return this.store.now();
  }

  /** A change from outside Kafka, in a transaction of its own. Resolves with its result once it is committed. */
  async execute<R>(command: Command<R>): Promise<R> {
    const backoff = new Backoff(5, 200);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.committer.commit(async (_tx, unit) => {
          const step = { touches: command.touches, decide: () => [] };
          await unit.load([step]);
          let result: { value: R } | undefined;
          await unit.run({
            touches: command.touches,
            decide: (states, now) => {
              const decided = command.decide(states, now);
              result = { value: decided.result };
              return continued(decided.effects, this.options.topicPrefix);
            },
          });
          return result!;
        });
      } catch (error) {
        if (kindOf(error) !== 'conflict' || attempt === COMMAND_ATTEMPTS) throw error;
        await backoff.pause();
      }
    }
  }

  /**
   * Publishes without an outbox. Throws `PublishTimeout` if the broker did not acknowledge in time (default 5 s), and a
   * RangeError for a record too large to be taken.
   */
  async publish(records: OutRecord[], { deadlineMs = 5000 } = {}): Promise<void> {
    for (const record of records) assertSendable(record);
    return this.publisher.publish(records, deadlineMs);
  }

  /** First and end offset of every partition of a topic, as the broker says now. */
  bounds(topic: Topic): Promise<Map<number, Bounds>> {
    return this.broker.bounds(topic);
  }

  /**
   * Whether this process has handled all that stood on the consumer's topics when it joined: false before, and from then on true. What
   * was written since may still be ahead.
   */
  caughtUp(consumer: string): boolean {
    if (!this.subscriptions.has(consumer)) throw new TypeError(`there is no subscription "${consumer}"`);
    return this.lines.hasCaughtUp(consumer);
  }

  /** Live instances of this service, this one included: those connected to its database. */
  peers(): Promise<number> {
    return this.store.peers();
  }

  health(): Promise<HealthReport> {
    return this.monitor.report();
  }

  /** Resolves when nothing is being worked on or waits to be published. Says nothing about the topics. */
  async idle(): Promise<void> {
    while (!(this.pool.idle() && this.publisher.idle())) await delay(1);
  }

  /** Leaves the groups, lets running work end, publishes what is queued; within about 3 s. */
  stop(): Promise<void> {
    return (this.stopped ??= this.shutDown());
  }

  /** What each instance has to know before it does anything is known, and the service itself is content. */
  private unready(): string[] {
    const behind = [...this.subscriptions.values()].filter(
      (subscription) => isForEach(subscription) && !this.lines.hasCaughtUp(subscription.name),
    );
    const own = this.options.notReady?.();
    return [
      ...new Set(this.refused.values()),
      ...behind.map(({ name }) => `${name} has not read all that stands on its topics`),
      ...(own ? [own] : []),
    ];
  }

  private async shutDown(): Promise<void> {
    this.stopping.abort();
    await within(1500, this.broker.unsubscribe());
    this.lines.clear();
    await this.pool.stop(1000);
    await this.publisher.stop(500);
    await Promise.all(this.loops);
    await within(500, Promise.all([this.broker.stop(), this.store.stop()]));
  }

  private async subscribe(subscription: Subscription, deliver: (batch: Batch) => Promise<void>): Promise<void> {
    const { name } = subscription;
    const every = isForEach(subscription);
    const consumer = every ? `${name}@${this.options.instance}` : name;
    // One of its own for each start: no group has to wait until a former life of the instance is given up as dead.
    const group = `${this.options.topicPrefix}-${name}${every ? `-${this.store.owner.replace('/', '-')}` : ''}`;
    const { store, broker, publisher, lines } = this;
    const parts = {
      store,
      broker,
      publisher,
      lines,
      from: beginOf(subscription),
      log: this.options.log,
      fatal: this.fatal,
      signal: this.stopping.signal,
    };
    const listener: Listener = {
      joined: (assignment) => {
        this.monitor.left(name);
        takeOver(name, consumer, assignment, parts, () => this.monitor.joined(name));
      },
      batch: (batch) => {
        this.monitor.seenBatch(name, batch);
        return this.dead ? Promise.resolve() : deliver(batch);
      },
      passed: (place, end) => lines.passed(name, place, end),
      fetched: () => this.monitor.fetched(name),
      crashed: this.fatal,
    };
    const { lingerMs = isIngester(subscription) ? 250 : 0 } = subscription;
    await broker.subscribe({ name, group, topics: topicsOf(subscription), lingerMs }, listener);
  }

  private async putBack(): Promise<void> {
    const partitions = await this.lines.putBack();
    if (partitions)
      this.options.log.warn(
        { partitions },
        'the database has lost commits of ours, in a crash; their records are read again',
      );
  }

  /** Engines may be away when the service starts. */
  private async patiently(what: string, run: () => Promise<void>): Promise<void> {
    const backoff = new Backoff(100, 2000);
    while (!this.stopping.signal.aborted) {
      try {
        const result = await run();
        this.refused.delete(what);
        return result;
      } catch (error) {
        if (error instanceof WiringError) throw error;
        const refused = refusedLogin(error);
        if (refused) this.refused.set(what, wordsOf(refused));
        else this.refused.delete(what);
        this.options.log.warn({ err: messageOf(error), ...refused }, `${what} failed; trying again`);
        await backoff.pause(this.stopping.signal);
      }
    }
  }

  private async every(ms: number, run: () => Promise<void>): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await delay(ms, this.stopping.signal);
      if (this.stopping.signal.aborted) return;
      await run().catch((error: unknown) =>
        this.options.log.warn({ err: messageOf(error) }, 'a periodic task failed; it comes again'),
      );
    }
  }

  private readonly fatal = (error: unknown): void => {
    if (this.dead || this.stopping.signal.aborted) return;
    this.dead = true;
    this.options.log.error({ err: error }, 'messaging cannot go on; the process has to end');
    this.options.onFatal(error);
  };
}

export const createMessaging = (options: MessagingOptions): Messaging => new Messaging(options);

function openBroker({ kafka, topicPrefix, instance, sessionTimeoutMs = 6000, log }: MessagingOptions): Broker {
  return new KafkaBroker({ kafka, topicPrefix, clientId: instance, sessionTimeoutMs }, log);
}

const isForEach = (subscription: Subscription) => beginOf(subscription) !== undefined;

function beginOf(subscription: Subscription): Begin | undefined {
  if (isIngester(subscription) || !subscription.everyInstance) return undefined;
  return subscription.everyInstance === 'last' ? atTheLast : whereItStood;
}

function openStore({ databaseUrl, service, instance, maxConnections = 8, log }: MessagingOptions): Store {
  return new PostgresStore({ databaseUrl, service, instance, maxConnections }, log);
}

async function within(ms: number, task: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([task.catch(() => {}), delay(ms, over.signal)]);
  over.abort();
}
