import { randomBytes } from 'node:crypto';
import kafkajs, { type Admin } from 'kafkajs';
import pg from 'pg';
import { DEFAULT_TOPIC_PREFIX, topicName, topicSpecs, type Topic } from '@countersign/contracts';
import { KafkaBroker } from '../kafka/kafka-broker.js';
import { silentLog } from '../log.js';
import { messagingMigrations } from '../postgres/migration.js';
import { PostgresStore } from '../postgres/postgres-store.js';
import { until } from './until.js';
import type { Seen, World } from './world.js';

const { Kafka, logLevel, Partitioners } = kafkajs;
const TOPICS: Topic[] = ['intents', 'proposals'];

const LOOK = `SELECT
  coalesce((SELECT jsonb_object_agg(key, body) FROM state WHERE body IS NOT NULL), '{}') AS states,
  coalesce((SELECT jsonb_agg(w ORDER BY id) FROM (SELECT id, status, fence, attempts, ended_at IS NOT NULL AS ended FROM work) w), '[]') AS work,
  coalesce((SELECT jsonb_agg(l) FROM (SELECT work_id AS "workId", fence, status FROM work_late ORDER BY seq) l), '[]') AS late,
  coalesce((SELECT jsonb_agg(p ORDER BY id) FROM (SELECT id, reason, redriven_at IS NOT NULL AS redriven FROM parked) p), '[]') AS parked,
  (SELECT count(*)::int FROM outbox) AS outbox`;

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this spec with jest.int.config.mjs, which starts the engines`);
  return value;
}

async function freshDatabase(): Promise<{ url: string; client: pg.Pool; drop: () => Promise<void> }> {
  const server = required('COUNTERSIGN_TEST_POSTGRES');
  const name = `messaging_${randomBytes(5).toString('hex')}`;
  const onServer = async (sql: string) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await onServer(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const client = new pg.Pool({ connectionString: url.href, max: 3 });
  client.on('error', () => {}); // the database is dropped under it
  const runner = { query: (sql: string) => client.query(sql) } as never;
  for (const Migration of messagingMigrations) await new Migration().up(runner);
  const drop = async () => {
    await client.end();
    await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
  };
  return { url: url.href, client, drop };
}

/** Asked to wait for them itself, kafkajs gives up at the first answer of a broker that has not heard of the topic yet. */
const hasLeaders = (admin: Admin, topics: string[]): Promise<boolean> =>
  admin.fetchTopicMetadata({ topics }).then(
    (found) =>
      found.topics.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)),
    () => false,
  );

/** A real Kafka and a real PostgreSQL, with topics and a database of its own. */
export async function kafkaWorld(): Promise<World & { databaseUrl: string; brokers: string[]; query: pg.Pool }> {
  const brokers = required('COUNTERSIGN_TEST_KAFKA').split(',');
  const prefix = `${DEFAULT_TOPIC_PREFIX}-${randomBytes(5).toString('hex')}`;
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    // Its own tries must not write a batch twice: the tests count records.
    idempotent: true,
    maxInFlightRequests: 1,
  });
  const [database] = await Promise.all([freshDatabase(), admin.connect(), producer.connect()]);
  const specs = topicSpecs(2).filter(({ topic }) => TOPICS.includes(topic));
  const made = specs.map(({ topic, partitions, config }) => ({
    topic: topicName(topic, prefix),
    numPartitions: partitions,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
  }));
  await admin.createTopics({ waitForLeaders: false, topics: made });
  await until('leaders of the topics', () =>
    hasLeaders(
      admin,
      made.map(({ topic }) => topic),
    ),
  );
  const { client } = database;
  const all: KafkaBroker[] = [];
  const opened = (broker: KafkaBroker) => (all.push(broker), broker);
  const intents = topicName('intents', prefix);
  return {
    ...{ databaseUrl: database.url, brokers, prefix, query: client },
    connect: (instance) => ({
      broker: opened(
        new KafkaBroker(
          { kafka: { brokers, ssl: false }, topicPrefix: prefix, clientId: instance, sessionTimeoutMs: 6000 },
          silentLog,
        ),
      ),
      store: new PostgresStore(
        { databaseUrl: database.url, service: 'subject', instance, maxConnections: 6 },
        silentLog,
      ),
    }),
    sever: async (broker, store) => {
      await broker.stop();
      await store.stop();
    },
    produce: async (records) => {
      await producer.send({ topic: intents, acks: -1, messages: records });
    },
    published: () => publishedIds(kafka, admin, topicName('proposals', prefix)),
    // One statement sees one moment.
    look: async () => (await client.query<Seen>(LOOK)).rows[0]!,
    rewind: async () => void (await client.query('UPDATE offsets SET next = 0')),
    truncate: async () => {
      const ends = await admin.fetchTopicOffsets(intents);
      await admin.deleteTopicRecords({
        topic: intents,
        partitions: ends.map(({ partition, high }) => ({ partition, offset: high })),
      });
    },
    overshoot: async () => void (await client.query('UPDATE offsets SET next = next + 1000')),
    age: async () => {
      await client.query(`UPDATE outbox SET created_at = created_at - interval '1 minute'`);
      await client.query(`UPDATE work SET lease_until = lease_until - interval '1 minute' WHERE ended_at IS NULL`);
    },
    // Without heartbeats the broker itself gives the partitions away, after the session's 6 s.
    evict: async () => {},
    close: async () => {
      // A service that stops waits for its groups only so long; what is left of them must not outlive the suite.
      await Promise.all(all.map((broker) => broker.stop()));
      await admin.deleteTopics({ topics: specs.map(({ topic }) => topicName(topic, prefix)) });
      await Promise.all([admin.disconnect(), producer.disconnect(), database.drop()]);
    },
  };
}

/** Reads a topic from its beginning to its present end. */
async function publishedIds(kafka: kafkajs.Kafka, admin: kafkajs.Admin, topic: string): Promise<string[]> {
  const open = new Map(
    (await admin.fetchTopicOffsets(topic)).flatMap(({ partition, low, high }) =>
      low === high ? [] : [[partition, BigInt(high)]],
    ),
  );
  if (!open.size) return [];
  const ids: string[] = [];
  const consumer = kafka.consumer({ groupId: `look-${randomBytes(5).toString('hex')}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => (payload.restart ? undefined : reject(payload.error)));
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          ids.push(...batch.messages.map(({ headers }) => String(headers?.['ce_id'])));
          if (BigInt(batch.lastOffset()) >= (open.get(batch.partition) ?? 0n) - 1n) open.delete(batch.partition);
          if (!open.size) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return ids;
}
