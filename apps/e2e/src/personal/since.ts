import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { TOPICS, topicName } from '@countersign/contracts';
import type { World } from '../world.js';

/**
 * A moment before which nothing was planted: what was written before it, and not since, can hold none of it. Of a table, what no transaction
 * that ran then or later has written.
 */
export interface Since {
  at: string;
  transaction: string;
  /** By topic and partition, the offset of the next record. */
  offsets: ReadonlyMap<string, bigint>;
  /** By file, how many bytes are in it. */
  logs: ReadonlyMap<string, number>;
}

export async function now(world: World): Promise<Since> {
  const text = `select now()::text as at, pg_snapshot_xmin(pg_current_snapshot())::text as transaction`;
  const { rows } = await world.owner.query<Pick<Since, 'at' | 'transaction'>>(text);
  const { at, transaction } = rows[0]!;
  return { at: new Date(at).toISOString(), transaction, offsets: await offsetsOf(world), logs: sizesOf(world) };
}

export const partitionOf = (topic: string, partition: number): string => `${topic}/${partition}`;

async function offsetsOf({ plain, system }: World): Promise<Since['offsets']> {
  const admin = plain.kafka.admin();
  await admin.connect();
  try {
    const all = TOPICS.map(async (topic) => {
      const partitions = await admin.fetchTopicOffsets(topicName(topic, system.topicPrefix));
      return partitions.map(({ partition, high }) => [partitionOf(topic, partition), BigInt(high)] as const);
    });
    return new Map((await Promise.all(all)).flat());
  } finally {
    await admin.disconnect();
  }
}

export const logsDir = ({ system }: World): string => path.dirname(system.logFile('policy-1'));

function sizesOf(world: World): Since['logs'] {
  const dir = logsDir(world);
  return new Map(readdirSync(dir).map((file) => [file, statSync(path.join(dir, file)).size]));
}
