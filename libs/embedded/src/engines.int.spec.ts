import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import pg from 'pg';
import { DataDir } from './data-dir.js';
import { startThrowawayEngines, type Engines } from './engines.js';
import { startKafka } from './kafka.js';
import { saslOf } from './kafka-users.js';
import { ownsPort } from './ports.js';
import { startPostgres } from './postgres.js';
import { Supervisor } from './supervisor.js';

describe('the embedded engines', () => {
  let engines: Engines;
  const readyCount = { kafka: 0, postgres: 0 };
  beforeAll(async () => {
    engines = await startThrowawayEngines();
    engines.supervisor.onEvent(({ type, name }) => {
      if (type === 'ready') readyCount[name as keyof typeof readyCount] += 1;
    });
  });
  afterAll(() => engines.stop());

  async function killed(engine: keyof typeof readyCount): Promise<void> {
    const before = readyCount[engine];
    process.kill(engines.supervisor.pids()[engine]![0]!, 'SIGKILL');
    for (const deadline = performance.now() + 40_000; readyCount[engine] === before; await delay(50)) {
      if (performance.now() > deadline) throw new Error(`${engine} did not come back`);
    }
  }

  async function query(url: string, sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(sql)).rows as unknown[];
    } finally {
      await client.end();
    }
  }

  it('PostgreSQL killed comes back at the same place with what was committed', async () => {
    const { url } = engines.postgres;
    await query(url, 'CREATE TABLE kept AS SELECT 1 AS one');
    await killed('postgres');
    expect(await query(url, 'SELECT * FROM kept')).toEqual([{ one: 1 }]);
  });

  it('PostgreSQL lets nobody in without the password', async () => {
    const url = new URL(engines.postgres.url);
    url.password = 'guessed';
    await expect(query(url.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('Kafka killed comes back at the same place with what was acknowledged', async () => {
    const kafka = new kafkajs.Kafka({ brokers: [engines.kafka.brokers], logLevel: kafkajs.logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: 'kept', numPartitions: 1 }] });
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic: 'kept', messages: [{ value: 'one' }], acks: -1 });
    await killed('kafka');
    expect(await admin.fetchTopicOffsets('kept')).toMatchObject([{ high: '1' }]);
    await Promise.all([producer.disconnect(), admin.disconnect()]);
  });

  it('Kafka stopped takes its records up again with users, where it had none', async () => {
    const quiet = { logLevel: kafkajs.logLevel.NOTHING };
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'kafka-kept-'));
    const own = await DataDir.take(path.join(dir, 'data'));
    const kept = new Supervisor(own);
    const start = (users: object) => startKafka({ dir: path.join(dir, 'kafka'), supervisor: kept, ...users });
    const open = await start({});
    const admin = new kafkajs.Kafka({ brokers: [open.brokers], ...quiet }).admin();
    await admin.connect();
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: 'countersign.kept', numPartitions: 1 }] });
    await admin.disconnect();
    await kept.stop('kafka');
    const { brokers, clusterId, logins } = await start({ usersDir: path.join(dir, 'users') });
    const migrator = new kafkajs.Kafka({ brokers: [brokers], sasl: saslOf(logins!.migrator), ...quiet }).admin();
    await migrator.connect();
    expect([clusterId, await migrator.listTopics()]).toEqual([open.clusterId, ['countersign.kept']]);
    await migrator.disconnect();
    await kept.close();
    own.release();
    fs.rmSync(dir, { recursive: true });
  });

  it('refuse a port on which somebody listens', async () => {
    const stranger = net.createServer().listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as net.AddressInfo;
    const where = { dir: '/nowhere', port, supervisor: engines.supervisor };
    await expect(startKafka(where)).rejects.toMatchObject({ code: 'PORT_IN_USE', exitCode: 2 });
    await expect(startPostgres(where)).rejects.toMatchObject({ code: 'PORT_IN_USE', exitCode: 2 });
    expect(ownsPort(process.pid, port)).toBe(true);
    expect(ownsPort(engines.supervisor.pids()['kafka']![0]!, port)).toBe(false);
    stranger.close();
  });
});
