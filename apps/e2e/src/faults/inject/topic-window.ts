import { randomBytes } from 'node:crypto';
import type { Consumer, Kafka, KafkaMessage, Message } from 'kafkajs';

/** A record as it has to be sent to be the same again. */
export type Copied = Required<Pick<Message, 'key' | 'value' | 'headers' | 'partition'>>;

interface Part {
  partition: number;
  first: number;
  end: number;
}

/**
 * Up to `count` records that follow each other, evenly of each partition.
 *
 * @param from `end`: the last ones; else from there on in the log (0: its beginning, 1: its end)
 */
export async function readWindow(kafka: Kafka, topic: string, count: number, from: 'end' | number): Promise<Copied[]> {
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect());
  const each = Math.ceil(count / offsets.length);
  const parts = offsets.map(({ partition, low, high }) => windowOf(partition, Number(low), Number(high), each, from));
  return read(
    kafka,
    topic,
    parts.filter(({ first, end }) => end > first),
  );
}

function windowOf(partition: number, low: number, high: number, each: number, from: 'end' | number): Part {
  const last = Math.max(high - each, low);
  const first = from === 'end' ? last : low + Math.floor(from * (last - low));
  return { partition, first, end: Math.min(first + each, high) };
}

async function read(kafka: Kafka, topic: string, parts: Part[]): Promise<Copied[]> {
  if (parts.length === 0) return [];
  const groupId = `window-${randomBytes(6).toString('hex')}`;
  // Left to itself kafkajs starts one that crashed again, also after it was disconnected.
  const retry = { restartOnFailure: () => Promise.resolve(false) };
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, retry });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic });
    return await collect(consumer, topic, parts);
  } finally {
    await consumer.disconnect();
  }
}

async function collect(consumer: Consumer, topic: string, parts: Part[]): Promise<Copied[]> {
  const open = new Map(parts.map((part) => [part.partition, part]));
  const copies: Copied[] = [];
  const done = Promise.withResolvers<void>();
  // What `run` throws of a crash comes first, and nobody waits for this any more.
  done.promise.catch(() => {});
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch: { partition, messages } }) => {
      const part = open.get(partition);
      for (const message of messages) if (part && isIn(part, message)) copies.push(copyOf(partition, message));
      if (part && Number(messages.at(-1)?.offset) >= part.end - 1) open.delete(partition);
      if (open.size === 0) done.resolve();
      return Promise.resolve();
    },
  });
  for (const { partition, first } of parts) consumer.seek({ topic, partition, offset: String(first) });
  await done.promise;
  return copies;
}

const isIn = ({ first, end }: Part, { offset }: KafkaMessage): boolean =>
  Number(offset) >= first && Number(offset) < end;

const copyOf = (partition: number, { key, value, headers = {} }: KafkaMessage): Copied => ({
  partition,
  key,
  value,
  headers,
});
