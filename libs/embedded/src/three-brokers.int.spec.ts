import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { topicName, type OutRecord } from '@countersign/contracts';
import { KafkaBroker, silentLog } from '@countersign/messaging';
import kafkajs, { type Admin } from 'kafkajs';
import { startThrowawayKafka } from './engines.js';

const PREFIX = 'three';
const TOPIC = topicName('results', PREFIX);
const PARTITIONS = 6;
/** A broker's session, and some; kafkajs by itself takes a minute. */
const READ_WITHIN_MS = 25_000;

/** One for each partition and some more, as a service publishes what a batch emitted. */
const batch = (n: number): OutRecord[] =>
  Array.from({ length: 2 * PARTITIONS }, (_, i) => ({
    ...{ topic: 'results' as const, key: `k-${i}`, value: '{}' },
    headers: { ce_id: `${n}-${i}` },
  }));

describe('three brokers', () => {
  jest.setTimeout(120_000);
  let cluster: Awaited<ReturnType<typeof startThrowawayKafka>>;
  let admin: Admin;
  let kafka: kafkajs.Kafka;
  beforeAll(async () => {
    cluster = await startThrowawayKafka(3);
    kafka = new kafkajs.Kafka({ brokers: cluster.kafka.brokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic: TOPIC, numPartitions: PARTITIONS }] });
  });
  afterAll(async () => {
    await admin?.disconnect();
    await cluster?.stop();
  });

  it('have each record three times, and acknowledge it when two have it', async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [TOPIC] });
    expect(topics[0]!.partitions.map(({ replicas }) => replicas.length)).toEqual(Array(PARTITIONS).fill(3));
    const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: TOPIC, configNames: ['min.insync.replicas'] }];
    const described = await admin.describeConfigs({ resources, includeSynonyms: false });
    expect(described.resources[0]!.configEntries[0]!.configValue).toBe('2');
  });

  it('are read on from while one of them is away', async () => {
    const settings = { kafka: { brokers: cluster.kafka.brokers.split(','), ssl: false } };
    const broker = new KafkaBroker(
      { ...settings, topicPrefix: PREFIX, clientId: 'reader', sessionTimeoutMs: 6000 },
      silentLog,
    );
    const heard = new Set<string>();
    const next = new Map<number, bigint>();
    await broker.subscribe(
      { name: 'reader', group: 'reads-on', topics: ['results'], lingerMs: 0 },
      {
        joined: (assignment) => {
          assignment.pause();
          for (const place of assignment.places) assignment.seek(place, next.get(place.partition) ?? 0n);
          assignment.resume();
        },
        batch: (batch) => {
          for (const { headers } of batch.records) heard.add(String(headers['ce_id']));
          next.set(batch.partition, batch.end);
          batch.resolve(batch.end);
          return Promise.resolve();
        },
        ...{ fetched: () => undefined, passed: () => undefined, crashed: () => undefined },
      },
    );
    const told = async (n: number) => {
      const records = batch(n);
      while (!(await broker.publish(records).then(yes, no)));
      const ids = records.map(({ headers }) => headers['ce_id']!);
      const deadline = performance.now() + READ_WITHIN_MS;
      while (!ids.every((id) => heard.has(id)) && performance.now() < deadline) await no();
      expect(ids.filter((id) => !heard.has(id))).toEqual([]);
    };
    await told(-1);
    await cluster.supervisor.hold('kafka-3', 'KILL');
    await told(-2);
    await cluster.supervisor.release('kafka-3');
    await told(-3);
    await broker.stop();
  });

  it('keep everything that a service was told they have, while one after the other is restarted', async () => {
    const settings = { kafka: { brokers: cluster.kafka.brokers.split(','), ssl: false } };
    const broker = new KafkaBroker(
      { ...settings, topicPrefix: PREFIX, clientId: 'service', sessionTimeoutMs: 6000 },
      silentLog,
    );
    const acknowledged: string[] = [];
    let over = false;
    let failed = 0;
    const publishing = (async () => {
      for (let n = 0; !over; n++) {
        const records = batch(n);
        // As the publisher does: all of it again until it is acknowledged.
        while (!(await broker.publish(records).then(yes, no))) failed++;
        acknowledged.push(...records.map(({ headers }) => headers['ce_id']!));
      }
    })();
    for (const instance of ['kafka-1', 'kafka-2']) {
      await cluster.supervisor.hold(instance, 'TERM');
      await cluster.supervisor.release(instance);
    }
    over = true;
    await publishing;
    await broker.stop();
    const kept = await idsOn(kafka, admin);
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
    expect(failed).toBeGreaterThan(0); // or no leader moved under a send, and nothing was shown
  });
});

const yes = () => true;
const no = () => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 20));

async function idsOn(kafka: kafkajs.Kafka, admin: Admin): Promise<Set<string>> {
  const ends = (await admin.fetchTopicOffsets(TOPIC)).filter(({ high }) => high !== '0');
  const open = new Map(ends.map(({ partition, high }) => [partition, BigInt(high)]));
  const ids = new Set<string>();
  const consumer = kafka.consumer({ groupId: 'reader', maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      for (const { headers } of batch.messages) ids.add(String(headers?.['ce_id']));
      if (BigInt(batch.lastOffset()) + 1n >= (open.get(batch.partition) ?? 0n)) open.delete(batch.partition);
      if (open.size === 0) resolve();
      return Promise.resolve();
    },
  });
  await promise;
  await consumer.disconnect();
  return ids;
}
