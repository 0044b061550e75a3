import { randomBytes } from 'node:crypto';
import { topicName, topicSpecs } from '@countersign/contracts';
import kafkajs, { type Admin, type IHeaders, type Kafka, type KafkaMessage, type Producer } from 'kafkajs';
import { testBrokers } from './test-engines.js';
import { until } from './until.js';

/** A topic prefix of the suite's own, so that suites share a broker and nothing else. */
export const testTopicPrefix = (): string => `t${randomBytes(5).toString('hex')}`;

export interface PlainRecord {
  partition?: number;
  key?: string | null;
  value: Buffer | string | null;
  headers?: IHeaders;
}

export interface StoredRecord {
  partition: number;
  offset: bigint;
  key: string | undefined;
  value: Buffer | null;
  headers: Record<string, string>;
  timestamp: number;
}

/** A bare Kafka client that knows nothing of the product: writes any bytes, reads whole topics. */
export class PlainKafka {
  readonly kafka: Kafka;
  private readonly producer: Producer;
  private readonly admin: Admin;

  private constructor(brokers: string[]) {
    const { Kafka, logLevel, Partitioners } = kafkajs;
    this.kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
    this.producer = this.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    this.admin = this.kafka.admin();
  }

  static async connect(brokers: string[] = testBrokers()): Promise<PlainKafka> {
    const plain = new PlainKafka(brokers);
    await Promise.all([plain.producer.connect(), plain.admin.connect()]);
    return plain;
  }

  async close(): Promise<void> {
    await Promise.all([this.producer.disconnect(), this.admin.disconnect()]);
  }

  /** Makes the product's topics under a prefix. */
  async createTopics(prefix: string, partitions = 4): Promise<void> {
    const topics = topicSpecs(partitions).map((spec) => ({
      topic: topicName(spec.topic, prefix),
      numPartitions: spec.partitions,
      configEntries: Object.entries(spec.config).map(([name, value]) => ({ name, value })),
    }));
    // Asked to wait for the leaders, kafkajs gives up at the first answer of a broker that has not heard of the topic yet.
    await this.admin.createTopics({ waitForLeaders: false, topics });
    const asked = topics.map(({ topic }) => topic);
    const led = async () =>
      (await this.admin.fetchTopicMetadata({ topics: asked })).topics.every(
        ({ partitions: all }) => all.length > 0 && all.every(({ leader }) => leader >= 0),
      );
    await until(led, { what: `leaders of the topics of ${prefix}` });
  }

  async deleteTopics(prefix: string): Promise<void> {
    const topics = (await this.admin.listTopics()).filter((topic) => topic.startsWith(`${prefix}.`));
    if (topics.length > 0) await this.admin.deleteTopics({ topics });
  }

  async produce(topic: string, ...records: PlainRecord[]): Promise<void> {
    const messages = records.map(({ key = null, ...rest }) => ({ key, ...rest }));
    await this.producer.send({ topic, messages, acks: -1 });
  }

  /** A topic that was just made may have no leader yet, and kafkajs does not ask again. */
  private offsets(topic: string) {
    return until(() => this.admin.fetchTopicOffsets(topic), { what: `the offsets of ${topic}` });
  }

  /** Every record that is in the topic now, in the order of partition and offset. */
  async readAll(topic: string): Promise<StoredRecord[]> {
    const ends = (await this.offsets(topic)).filter(({ low, high }) => BigInt(high) > BigInt(low));
    const open = new Map(ends.map(({ partition, high }) => [partition, BigInt(high)]));
    if (open.size === 0) return [];
    const groupId = `read-${randomBytes(6).toString('hex')}`;
    const consumer = this.kafka.consumer({ groupId, maxWaitTimeInMs: 100, retry: { retries: 0 } });
    const read: StoredRecord[] = [];
    const done = Promise.withResolvers<void>();
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
    // What `run` throws of a crash comes first, and nobody waits for this any more.
    done.promise.catch(() => {});
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const end = open.get(batch.partition);
        const kept = batch.messages.filter(({ offset }) => end !== undefined && BigInt(offset) < end);
        read.push(...kept.map((message) => stored(batch.partition, message)));
        if (end !== undefined && BigInt(batch.lastOffset()) >= end - 1n) open.delete(batch.partition);
        if (open.size === 0) done.resolve();
        return Promise.resolve();
      },
    });
    await done.promise.finally(() => consumer.disconnect());
    return read.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
  }
}

function stored(partition: number, { offset, key, value, headers = {}, timestamp }: KafkaMessage): StoredRecord {
  const texts = Object.entries(headers).map(([name, header]) => [name, String(header)]);
  return {
    partition,
    offset: BigInt(offset),
    key: key?.toString(),
    value,
    headers: Object.fromEntries(texts) as Record<string, string>,
    timestamp: Number(timestamp),
  };
}
