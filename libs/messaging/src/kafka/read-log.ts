import { randomBytes } from 'node:crypto';
import type { EachMessagePayload } from 'kafkajs';
import type { Log } from '../log.js';
import { kafkaClient } from './kafka-client.js';
import type { KafkaSettings } from './kafka-settings.js';

export interface ReadLog {
  kafka: KafkaSettings;
  /** Whole, as the broker has it. */
  topic: string;
  /** Begins the name of the group, which is this reading's own and keeps no offsets. */
  group: string;
  log: Log;
  /** Only so many of each partition, the last ones. */
  last?: number;
}

const LIMIT_MS = 60_000;

interface Ahead {
  from: bigint;
  to: bigint;
}

/** Gives what stands on a topic now, each partition in its order, and ends. */
export async function readLog(
  { kafka, topic, group, log, last }: ReadLog,
  take: (message: EachMessagePayload['message'], partition: number) => void,
): Promise<void> {
  const client = kafkaClient(kafka, group, log);
  const ahead = await aheadOf(client, topic, last);
  if (ahead.size === 0) return;
  const consumer = client.consumer({
    groupId: `${group}-${randomBytes(6).toString('hex')}`,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
  });
  const done = Promise.withResolvers<void>();
  // What `run` throws of a crash comes first, and nobody waits for this any more.
  done.promise.catch(() => {});
  const timer = setTimeout(() => done.reject(new Error(`${topic} could not be read to its end in time`)), LIMIT_MS);
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        timer.refresh();
        const place = ahead.get(partition);
        const offset = BigInt(message.offset);
        if (place && offset >= place.from && offset < place.to) take(message, partition);
        if (place && offset >= place.to - 1n) ahead.delete(partition);
        if (ahead.size === 0) done.resolve();
        return Promise.resolve();
      },
    });
    for (const [partition, { from }] of ahead) consumer.seek({ topic, partition, offset: from.toString() });
    await done.promise;
  } finally {
    clearTimeout(timer);
    await consumer.disconnect();
  }
}

async function aheadOf(client: ReturnType<typeof kafkaClient>, topic: string, last?: number) {
  const admin = client.admin();
  try {
    await admin.connect();
    const ahead = new Map<number, Ahead>();
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      const [first, to] = [BigInt(low), BigInt(high)];
      const from = last !== undefined && to - BigInt(last) > first ? to - BigInt(last) : first;
      if (from < to) ahead.set(partition, { from, to });
    }
    return ahead;
  } finally {
    await admin.disconnect();
  }
}
