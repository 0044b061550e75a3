import { randomBytes, randomUUID } from 'node:crypto';
import kafkajs, { type Consumer, type Kafka, type KafkaMessage } from 'kafkajs';
import {
  decodeRecord,
  kafkaGroupsOf,
  Poison,
  topicName,
  type CloudEvent,
  type JsonObject,
} from '@countersign/contracts';
import type { Log } from '../log.js';
import { kafkaClient } from './kafka-client.js';
import type { KafkaSettings } from './kafka-settings.js';

export interface WriteControl {
  kafka: KafkaSettings;
  prefix: string;
  log: Log;
  /** Who writes, as CloudEvents say it: `/pipelines/release`. */
  source: string;
  /** How long it may take until it is in force. */
  limitMs?: number;
}

/** What became of a control record. `tookMs`: from the broker's taking it to the word that it is in force. */
export type ControlVerdict =
  | { tag: 'in-force'; epoch: number; tookMs: number }
  | { tag: 'refused'; epoch: number; code: string; detail: string; nextStep: string }
  | { tag: 'not-in-time'; epoch: number; waitsFor: string[] };

const LIMIT_MS = 30_000;
type Ack = CloudEvent<'countersign.control.applied.v1' | 'countersign.control.refused.v1'>;

/**
 * Writes a record to the control topic and returns once it is in force: policy has judged it and an executor has drained what was sent
 * before. For whoever is no service: the release pipeline.
 */
export async function writeControl(
  { kafka, prefix, log, source, limitMs = LIMIT_MS }: WriteControl,
  scope: string,
  value: JsonObject,
): Promise<ControlVerdict> {
  const client = kafkaClient(kafka, `${prefix}-control`, log);
  const acks = new Acks(client, prefix);
  try {
    await acks.follow();
    const epoch = await write(client, topicName('control', prefix), { scope, value, source });
    return await acks.verdictOn(epoch, limitMs);
  } finally {
    await acks.close();
  }
}

async function write(
  client: Kafka,
  topic: string,
  { scope, value, source }: { scope: string; value: JsonObject; source: string },
): Promise<number> {
  const { Partitioners } = kafkajs;
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: false });
  const headers = {
    ...{ ce_specversion: '1.0', ce_id: randomUUID(), ce_source: source, ce_type: 'countersign.control.set.v1' },
    'content-type': 'application/json',
  };
  try {
    await producer.connect();
    const messages = [{ key: scope, value: JSON.stringify(value), headers, partition: 0 }];
    const [written] = await producer.send({ topic, acks: -1, messages });
    return Number(written!.baseOffset);
  } finally {
    await producer.disconnect();
  }
}

/** What is said of control records from now on. */
class Acks {
  private readonly consumer: Consumer;
  private readonly topic: string;
  private readonly heard: Ack['data'][] = [];
  private onHeard: () => void = () => {};
  private readonly failed = Promise.withResolvers<never>();

  constructor(
    private readonly client: Kafka,
    prefix: string,
  ) {
    this.topic = topicName('control-acks', prefix);
    const groupId = `${kafkaGroupsOf('release', prefix)}-${randomBytes(6).toString('hex')}`;
    this.consumer = client.consumer({ groupId, maxWaitTimeInMs: 100, allowAutoTopicCreation: false });
    this.failed.promise.catch(() => {});
  }

  /** From the end of the topic as it is now. */
  async follow(): Promise<void> {
    const admin = this.client.admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(this.topic).finally(() => admin.disconnect());
    this.consumer.on(this.consumer.events.CRASH, ({ payload }) => this.failed.reject(payload.error));
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [this.topic], fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        this.hear(partition, message);
        return Promise.resolve();
      },
    });
    for (const { partition, high } of ends) this.consumer.seek({ topic: this.topic, partition, offset: high });
  }

  async verdictOn(epoch: number, limitMs: number): Promise<ControlVerdict> {
    const tooLate = Promise.withResolvers<void>();
    const timer = setTimeout(tooLate.resolve, limitMs);
    try {
      for (;;) {
        const heard = Promise.withResolvers<'heard'>();
        this.onHeard = () => heard.resolve('heard');
        const verdict = verdictIn(this.heard, epoch);
        if (verdict) return verdict;
        const next = await Promise.race([heard.promise, tooLate.promise, this.failed.promise]);
        if (next === undefined) return { tag: 'not-in-time', epoch, waitsFor: missingIn(this.heard, epoch) };
      }
    } finally {
      clearTimeout(timer);
    }
  }

  close(): Promise<void> {
    return this.consumer.disconnect();
  }

  private hear(partition: number, { key, value, offset, timestamp, headers = {} }: KafkaMessage): void {
    const place = { topic: 'control-acks' as const, partition, offset: BigInt(offset), timestamp: Number(timestamp) };
    try {
      const { event } = decodeRecord({ ...place, key, value, headers: headers as Record<string, Buffer> });
      this.heard.push((event as Ack).data);
      this.onHeard();
    } catch (error) {
      // Neither policy nor an executor wrote what cannot be read.
      if (!(error instanceof Poison)) throw error;
    }
  }
}

const SERVICES = ['policy', 'executor'];
const of = (heard: readonly Ack['data'][], epoch: number, service: string) =>
  heard.find((data) => data.epoch === epoch && data.service === service);
const missingIn = (heard: readonly Ack['data'][], epoch: number) =>
  SERVICES.filter((service) => of(heard, epoch, service) === undefined);

function verdictIn(heard: readonly Ack['data'][], epoch: number): ControlVerdict | undefined {
  const judged = of(heard, epoch, 'policy');
  if (judged && 'code' in judged) {
    const { code, detail, nextStep } = judged;
    return { tag: 'refused', epoch, code, detail, nextStep };
  }
  if (missingIn(heard, epoch).length > 0) return undefined;
  const drained = of(heard, epoch, 'executor')!;
  const tookMs = Math.max(0, Date.parse(drained.at) - Date.parse(judged!.appendedAt ?? judged!.at));
  return { tag: 'in-force', epoch, tookMs };
}
