import { TOPICS, topicName, type Topic } from '@countersign/contracts';
import type { World } from '../world.js';

/** A record of a topic as a plain client reads it. */
export interface Told {
  topic: Topic;
  partition: number;
  offset: string;
  at: number;
  id: string;
  type: string;
  tenant: string;
  intentId: string;
  data: Record<string, unknown>;
}

/** Every record of every topic as it stands now that was appended since. */
export async function readTopics({ plain, system }: World, since: number): Promise<Told[]> {
  const topics = await Promise.all(
    TOPICS.map(async (topic) => {
      const records = await plain.readAll(topicName(topic, system.topicPrefix));
      return records
        .filter(({ timestamp }) => timestamp >= since)
        .map(({ partition, offset, timestamp, headers, value }): Told => {
          const [id = '', type = '', tenant = '', intentId = ''] = ATTRIBUTES.map(
            (name) => headers[`ce_${name}`] ?? '',
          );
          const place = { topic, partition, offset: String(offset), at: timestamp };
          return { ...place, id, type: short(type), tenant, intentId, data: parsed(value) };
        });
    }),
  );
  return topics.flat();
}

const ATTRIBUTES = ['id', 'type', 'tenantid', 'correlationid'] as const;
export const short = (type: string) => type.replace(/^countersign\./, '').replace(/\.v\d+$/, '');

/** What cannot be read tells nothing: others send that on purpose. */
function parsed(value: Buffer | null): Record<string, unknown> {
  try {
    const data: unknown = JSON.parse(value?.toString() ?? 'null');
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
