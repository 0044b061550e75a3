import { topicName, TOPICS } from '@countersign/contracts';
import { until } from '@countersign/testing';
import type { World } from './world.js';

/** Waits until audit holds every record that is in the topics now, one row an offset, and answers how many those are. */
export async function auditIsComplete(world: World, timeoutMs = 60_000): Promise<number> {
  const admin = world.plain.kafka.admin();
  await admin.connect();
  try {
    let total = 0;
    for (const topic of TOPICS) {
      for (const { partition, high } of await admin.fetchTopicOffsets(topicName(topic, world.system.topicPrefix))) {
        total += Number(high);
        await until(async () => (await rowsBelow(world, topic, partition, high)) === Number(high), {
          timeoutMs,
          what: `audit to hold offsets 0 to ${high} of ${topic}/${partition}`,
        });
      }
    }
    return total;
  } finally {
    await admin.disconnect();
  }
}

async function rowsBelow(world: World, topic: string, partition: number, high: string): Promise<number> {
  const text =
    'select count(distinct "offset") n from audit.records where topic = $1 and partition = $2 and "offset" < $3';
  const { rows } = await world.owner.query<{ n: string }>(text, [topic, partition, high]);
  return Number(rows[0]?.n);
}
