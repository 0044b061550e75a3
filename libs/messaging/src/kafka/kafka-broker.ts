/*
 * The broker on kafkajs, and what it takes to rely on it (each was seen, none is documented):
 *
 *  - A fetch that is under way when the group is joined again still delivers, unless its partitions are paused or sought in
 *    the very call of the GROUP_JOIN listener.
 *  - An offset out of range is answered by a silent jump to the beginning. Positions are therefore ours, never the group's.
 *  - A TypeError out of `eachBatch` stops the consumer for good. Nothing is thrown out of it here.
 *  - Committing as an evicted member throws; the commit is for the broker's tools only, so it is dropped.
 *  - CRASH with `restart: false` is the end of a consumer in a process that looks well.
 *  - The idempotent producer lost acknowledged messages when replies were dropped under concurrent sends.
 *  - A consumer that cannot reach one broker stops reading from all (`lost-broker.ts`).
 *  - A producer that repeats a send by itself leaves out every broker that took its part before, even where partitions have moved to it since:
 *    their records are never sent, and the send succeeds. A send is therefore tried once; who publishes sends all of it again.
 */
import kafkajs, {
  type Admin,
  type Consumer,
  type EachBatchPayload,
  type Kafka,
  type KafkaMessage,
  type Producer,
} from 'kafkajs';
import { topicName, topicOf, type OutRecord, type RawRecord, type Topic } from '@countersign/contracts';
import { delay } from '../backoff.js';
import { WiringError } from '../errors.js';
import type { Log } from '../log.js';
import type { Assignment, Batch, Bounds, Broker, Listener, Place, SubscriptionSpec } from '../ports.js';
import { IDLE_FETCH_MS, UNTIL_THE_TIME_IS_UP } from './fetch-pace.js';
import { kafkaClient } from './kafka-client.js';
import type { KafkaSettings } from './kafka-settings.js';

const { ConfigResourceTypes, Partitioners } = kafkajs;

export interface KafkaBrokerSettings {
  kafka: KafkaSettings;
  topicPrefix: string;
  clientId: string;
  /** How soon a killed member's partitions go to others. The broker's lower limit is 6 s. */
  sessionTimeoutMs: number;
}

export class KafkaBroker implements Broker {
  private readonly client: Kafka;
  private readonly producer: Producer;
  private readonly admin: Admin;
  private readonly consumers: Consumer[] = [];
  private readonly joins: Promise<void>[] = [];
  private left = false;
  private leaving: Promise<void> | undefined;
  private producing: Promise<void> | undefined;
  private administering: Promise<void> | undefined;

  constructor(
    private readonly settings: KafkaBrokerSettings,
    private readonly log: Log,
  ) {
    this.client = kafkaClient(settings.kafka, settings.clientId, log);
    const createPartitioner = Partitioners.DefaultPartitioner;
    this.producer = this.client.producer({
      createPartitioner,
      idempotent: false,
      allowAutoTopicCreation: false,
      metadataMaxAge: 60_000,
      retry: { retries: 0 },
    });
    this.admin = this.client.admin();
  }

  async checkTopics(topics: Topic[], maxRetentionMs: number): Promise<void> {
    const admin = await this.connectedAdmin();
    const existing = new Set(await admin.listTopics());
    const flaws = topics
      .filter((topic) => !existing.has(this.name(topic)))
      .map((topic) => `the topic ${this.name(topic)} does not exist: create it first${this.unlessHidden()}`);
    if (flaws.length) throw new WiringError(flaws);
    const resources = topics.map((topic) => ({
      type: ConfigResourceTypes.TOPIC,
      name: this.name(topic),
      configNames: ['message.timestamp.type', 'retention.ms'],
    }));
    const described = await admin.describeConfigs({ resources, includeSynonyms: false });
    for (const { resourceName, configEntries } of described.resources) {
      const value = (name: string) => configEntries.find((entry) => entry.configName === name)?.configValue;
      if (value('message.timestamp.type') !== 'LogAppendTime') {
        flaws.push(
          `the topic ${resourceName} has message.timestamp.type=${value('message.timestamp.type')}: a client could back-date a token. Set LogAppendTime`,
        );
      }
      if (Number(value('retention.ms')) > maxRetentionMs)
        flaws.push(`the topic ${resourceName} keeps records longer than finished work is kept (${maxRetentionMs} ms)`);
    }
    if (flaws.length) throw new WiringError(flaws);
  }

  async subscribe(spec: SubscriptionSpec, listener: Listener): Promise<void> {
    const consumer = this.client.consumer({
      groupId: spec.group,
      sessionTimeout: this.settings.sessionTimeoutMs,
      heartbeatInterval: this.settings.sessionTimeoutMs / 4,
      rebalanceTimeout: this.settings.sessionTimeoutMs * 2,
      maxWaitTimeInMs: spec.lingerMs || IDLE_FETCH_MS,
      minBytes: spec.lingerMs ? UNTIL_THE_TIME_IS_UP : 1,
      maxBytesPerPartition: 1024 * 1024,
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 1_000_000 },
    });
    this.consumers.push(consumer);
    const progress = new GroupProgress(consumer, this.log);
    let generation = 0;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const joined = ++generation;
      const places = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => this.place(topic, partition)),
      );
      listener.joined(this.assignment(consumer, places, () => joined === generation));
    });
    consumer.on(consumer.events.FETCH, () => listener.fetched());
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      const { topic, partition, batchSize, lastOffset } = payload;
      if (!batchSize) listener.passed(this.place(topic, partition), BigInt(lastOffset) + 1n);
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) listener.crashed(payload.error);
    });
    await consumer.connect();
    const topics = spec.topics.map((topic) => this.name(topic));
    if (!this.left) await consumer.subscribe({ topics, fromBeginning: true });
    // Who left meanwhile has not disconnected this one: it was not connected yet.
    if (this.left) return consumer.disconnect();
    const joined = consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // Batches that wait together share a transaction. 64 looked slower than 4 in single runs, whose noise is as large.
      partitionsConsumedConcurrently: 4,
      eachBatch: (payload) => this.deliver(spec.name, consumer, progress, payload, listener),
    });
    // Whoever left while it joined is a member now, with partitions that nobody reads: it leaves once more.
    const ended = joined.then(() => (this.left ? consumer.disconnect() : undefined));
    this.joins.push(ended.catch(() => {})); // thrown below
    await ended;
  }

  async bounds(topic: Topic): Promise<Map<number, Bounds>> {
    const offsets = await (await this.connectedAdmin()).fetchTopicOffsets(this.name(topic));
    return new Map(offsets.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]));
  }

  async publish(records: OutRecord[]): Promise<void> {
    this.producing ??= this.producer.connect().catch((error: unknown) => {
      this.producing = undefined;
      throw error;
    });
    await this.producing;
    const byTopic = new Map<Topic, OutRecord[]>();
    for (const record of records) {
      const same = byTopic.get(record.topic);
      if (same) same.push(record);
      else byTopic.set(record.topic, [record]);
    }
    const topicMessages = [...byTopic].map(([topic, messages]) => ({ topic: this.name(topic), messages }));
    await this.producer.sendBatch({ acks: -1, topicMessages });
  }

  unsubscribe(): Promise<void> {
    return (this.leaving ??= this.leave());
  }

  private async leave(): Promise<void> {
    this.left = true;
    // Who disconnects while it joins stays a member until its session ends, and the others wait for it.
    await this.joinsEnded(JOIN_LIMIT_MS);
    await Promise.all(this.consumers.splice(0).map((consumer) => consumer.disconnect()));
  }

  private async joinsEnded(withinMs: number): Promise<void> {
    const over = new AbortController();
    await Promise.race([Promise.all(this.joins), delay(withinMs, over.signal)]);
    over.abort();
  }

  async stop(): Promise<void> {
    await this.unsubscribe();
    await Promise.all([this.producer.disconnect(), this.admin.disconnect(), this.joinsEnded(STOP_LIMIT_MS)]);
  }

  private async deliver(
    subscription: string,
    consumer: Consumer,
    progress: GroupProgress,
    payload: EachBatchPayload,
    listener: Listener,
  ): Promise<void> {
    if (!payload.isRunning() || payload.isStale()) return;
    const batch = this.batch(subscription, consumer, progress, payload);
    try {
      await listener.batch(batch);
    } catch (error) {
      listener.crashed(error);
    }
  }

  private batch(subscription: string, consumer: Consumer, progress: GroupProgress, payload: EachBatchPayload): Batch {
    const { topic: name, partition, messages, highWatermark } = payload.batch;
    const place = this.place(name, partition);
    return {
      ...place,
      subscription,
      highWatermark: BigInt(highWatermark),
      end: BigInt(payload.batch.lastOffset()) + 1n,
      records: messages.map((message) => rawRecord(place, message)),
      isStale: () => payload.isStale() || !payload.isRunning(),
      heartbeat: () => payload.heartbeat(),
      resolve: (next) => {
        payload.resolveOffset((next - 1n).toString());
        progress.note(name, partition, next);
      },
      seek: (next) => consumer.seek({ topic: name, partition, offset: next.toString() }),
    };
  }

  private assignment(consumer: Consumer, places: Place[], isCurrent: () => boolean): Assignment {
    const all = places.map(({ topic, partition }) => ({ topic: this.name(topic), partitions: [partition] }));
    return {
      places,
      isCurrent,
      pause: () => consumer.pause(all),
      seek: ({ topic, partition }, next) =>
        consumer.seek({ topic: this.name(topic), partition, offset: next.toString() }),
      resume: () => consumer.resume(all),
    };
  }

  private async connectedAdmin(): Promise<Admin> {
    this.administering ??= this.admin.connect().catch((error: unknown) => {
      this.administering = undefined;
      throw error;
    });
    await this.administering;
    return this.admin;
  }

  /** Brokers name no topic to who has no right to it. */
  private unlessHidden(): string {
    const user = this.settings.kafka.sasl?.username;
    return user ? `, or give ${user} its rights to it (docs/kafka-acls.md)` : '';
  }

  private name(topic: Topic): string {
    return topicName(topic, this.settings.topicPrefix);
  }

  private place(name: string, partition: number): Place {
    const topic = topicOf(name, this.settings.topicPrefix);
    if (!topic) throw new Error(`was given ${name}, which is none of ours`);
    return { topic, partition };
  }
}

const COMMIT_MS = 2000;
const JOIN_LIMIT_MS = 1000;
const STOP_LIMIT_MS = 5000;

/** Commits group offsets now and then, so that a broker's own tools see the lag. Nothing here relies on them. */
class GroupProgress {
  private readonly next = new Map<string, { topic: string; partition: number; offset: string }>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly consumer: Consumer,
    private readonly log: Log,
  ) {}

  note(topic: string, partition: number, next: bigint): void {
    this.next.set(`${topic}/${partition}`, { topic, partition, offset: next.toString() });
    this.timer ??= setTimeout(() => this.commit(), COMMIT_MS).unref();
  }

  private commit(): void {
    this.timer = undefined;
    const offsets = [...this.next.values()];
    this.next.clear();
    this.consumer
      .commitOffsets(offsets)
      .catch((error: Error) => this.log.debug({ err: error.message }, 'group offsets were not committed; ours stand'));
  }
}

function rawRecord(place: Place, { offset, timestamp, key, value, headers }: KafkaMessage): RawRecord {
  return { ...place, offset: BigInt(offset), timestamp: Number(timestamp), key, value, headers: headers ?? {} };
}
