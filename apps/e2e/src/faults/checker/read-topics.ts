import { createHash, randomUUID } from 'node:crypto';
import kafkajs, { type Admin, type Kafka, type KafkaMessage } from 'kafkajs';
import { TOPICS, topicName, type Topic } from '@countersign/contracts';
import type { Told } from './history.js';

/** Of an event's data, what the laws look at: a long run's whole data would not fit in memory. */
const KEPT = new Set([
  ...['intentId', 'actionId', 'revision', 'tool', 'workflow', 'grant', 'arguments', 'idempotencyKey', 'jti', 'dryRun'],
  ...[
    'actor',
    'approvers',
    'approver',
    'approvalsNeeded',
    'actionHash',
    'attempts',
    'code',
    'detail',
    'outcome',
    'by',
    'actions',
  ],
  ...['service', 'epoch', 'ingestedThrough'],
]);

/** Every record of every topic as it stands now, from offset 0 on, by a plain client. */
export async function readTopics(brokers: readonly string[], prefix: string): Promise<Told[]> {
  const kafka = new kafkajs.Kafka({ clientId: 'checker', brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const ends = await endsOf(admin, prefix);
    return await readUntil(kafka, prefix, ends);
  } finally {
    await admin.disconnect();
  }
}

type Ends = Map<string, number>;

async function endsOf(admin: Admin, prefix: string): Promise<Ends> {
  const ends: Ends = new Map();
  for (const topic of TOPICS)
    for (const { partition, high } of await admin.fetchTopicOffsets(topicName(topic, prefix)))
      if (Number(high) > 0) ends.set(`${topic}/${partition}`, Number(high));
  return ends;
}

async function readUntil(kafka: Kafka, prefix: string, ends: Ends): Promise<Told[]> {
  const open = new Map(ends);
  const told: Told[] = [];
  const byName = new Map(TOPICS.map((topic) => [topicName(topic, prefix), topic]));
  const consumer = kafka.consumer({ groupId: `checker-${randomUUID()}`, maxWaitTimeInMs: 100 });
  const done = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topics: [...byName.keys()], fromBeginning: true });
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
  // What `run` throws of a crash comes first, and nobody waits for this any more.
  done.promise.catch(() => {});
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      const topic = byName.get(batch.topic)!;
      const place = `${topic}/${batch.partition}`;
      const end = ends.get(place) ?? 0;
      for (const message of batch.messages)
        if (Number(message.offset) < end) told.push(toldIn(topic, batch.partition, message));
      if (Number(batch.lastOffset()) >= end - 1) open.delete(place);
      if (open.size === 0) done.resolve();
      return Promise.resolve();
    },
  });
  if (open.size > 0) await done.promise.finally(() => consumer.disconnect());
  else await consumer.disconnect();
  return told;
}

export function toldIn(
  topic: Topic,
  partition: number,
  { key, value, headers = {}, offset, timestamp }: KafkaMessage,
): Told {
  const text = (name: string) => (headers[name] === undefined ? '' : String(headers[name]));
  const parsed = parse(value);
  const data = topic === 'control' ? controlIn(String(key ?? ''), parsed) : kept(parsed);
  const intent = text('ce_correlationid');
  return {
    ...{ topic, partition, offset: Number(offset), at: Number(timestamp) },
    ...{ id: text('ce_id'), type: text('ce_type'), tenant: text('ce_tenantid'), cause: text('ce_causationid') },
    intentId: intent || String(data['intentId'] ?? ''),
    digest: createHash('sha256')
      .update(`${key?.length ?? 0} `)
      .update(key ?? '')
      .update(value ?? '')
      .digest('base64'),
    data,
  };
}

function parse(value: Buffer | null): unknown {
  try {
    return JSON.parse(value?.toString() ?? 'null');
  } catch {
    return undefined; // what cannot be read tells nothing
  }
}

const isObject = (given: unknown): given is Record<string, unknown> =>
  typeof given === 'object' && given !== null && !Array.isArray(given);

const kept = (given: unknown): Record<string, unknown> =>
  isObject(given) ? Object.fromEntries(Object.entries(given).filter(([name]) => KEPT.has(name))) : {};

/** A control record is its key and a value, bare or in a structured event. */
function controlIn(scope: string, given: unknown): Record<string, unknown> {
  const value = isObject(given) && 'specversion' in given ? given['data'] : given;
  return { scope, value: value ?? null };
}
