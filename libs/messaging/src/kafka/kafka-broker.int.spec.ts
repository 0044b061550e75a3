import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { topicName } from '@countersign/contracts';
import { kafkaWorld } from '../contract/kafka-world.js';
import { intent, startSubject, type Subject, subjectConsumer } from '../contract/subject.js';
import { until } from '../contract/until.js';
import { isTooLarge } from '../errors.js';
import type { Ingester, Read } from '../stream.js';
import type { Subscription } from '../processor.js';

describe('Kafka as it is', () => {
  let world: Awaited<ReturnType<typeof kafkaWorld>>;
  let running: Subject[] = [];
  const start = async (...[name, options]: [string, Parameters<typeof startSubject>[2]?]) => {
    const subject = await startSubject(world, name, options);
    running.push(subject);
    return subject;
  };
  const count = async () => ((await world.look()).states['counter/s'] as { count: number } | undefined)?.count;

  beforeEach(async () => {
    world = await kafkaWorld();
  });
  afterEach(async () => {
    await Promise.all(running.map(({ messaging }) => messaging.stop()));
    running = [];
    await world.close();
  });

  it('refuses a topic that is missing, back-datable or kept longer than the answers to it', async () => {
    const { broker } = world.connect('a');
    await expect(broker.checkTopics(['decisions'], Infinity)).rejects.toThrow(
      `${topicName('decisions', world.prefix)} does not exist`,
    );
    await expect(broker.checkTopics(['intents'], 1000)).rejects.toThrow('keeps records longer');
    const admin = new kafkajs.Kafka({ brokers: world.brokers, logLevel: 0 }).admin();
    await admin.connect();
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topicName('intents', world.prefix) };
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ ...resource, configEntries: [{ name: 'message.timestamp.type', value: 'CreateTime' }] }],
    });
    await until('the refusal', () =>
      broker.checkTopics(['intents'], Infinity).then(
        () => false,
        (error: Error) => error.message.includes('LogAppendTime'),
      ),
    );
    await admin.disconnect();
    await broker.stop();
  });

  it('8: says of a record larger than the topic takes that it is too large, for ever', async () => {
    const { broker } = world.connect('a');
    const monster = { topic: 'proposals', key: 'k', value: 'm'.repeat(5 * 1024 * 1024), headers: {} } as const;
    const refused: unknown = await broker.publish([monster]).catch((error: unknown) => error);
    expect([isTooLarge(refused), isTooLarge(new Error('the broker is away'))]).toEqual([true, false]);
    await broker.stop();
  });

  it('who leaves while it joins does not join afterwards', async () => {
    const { broker } = world.connect('a');
    const connected = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const client = Reflect.get(broker, 'client') as kafkajs.Kafka;
    const plain = client.consumer.bind(client);
    client.consumer = (config) => {
      const consumer = plain(config);
      return { ...consumer, connect: () => consumer.connect().then(() => (connected.resolve(), gate.promise)) };
    };
    let joins = 0;
    const joining = broker.subscribe(
      { name: 'late', group: `${world.prefix}-late`, topics: ['intents'], lingerMs: 0 },
      { joined: () => joins++, batch: async () => {}, passed: () => {}, fetched: () => {}, crashed: () => {} },
    );
    await connected.promise;
    await broker.unsubscribe();
    gate.resolve();
    await joining;
    expect(joins).toBe(0);
    await broker.stop();
  });

  it('4: the markers of a transactional producer are no gap', async () => {
    const producer = new kafkajs.Kafka({ brokers: world.brokers, logLevel: 0 }).producer({
      transactionalId: `tx-${world.prefix}`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const inTransaction = async (id: string, commit: boolean) => {
      const transaction = await producer.transaction();
      await transaction.send({ topic: topicName('intents', world.prefix), messages: [intent(id, 'count')] });
      await (commit ? transaction.commit() : transaction.abort());
    };
    const subject = await start('a');
    await inTransaction('t1', true);
    await until('the first', async () => (await count()) === 1);
    // Only markers and what was aborted: nothing is ever delivered for these offsets.
    await inTransaction('t2', false);
    await inTransaction('t3', false);
    await world.produce([intent('e', 'count')]);
    await until('what follows', async () => (await count()) === 2);
    await inTransaction('t4', true);
    await until('and again', async () => (await count()) === 3);
    expect(subject.fatal).toEqual([]);
    await inTransaction('t5', false);
    const late = await start('b', { subscriptions: [{ ...subjectConsumer, everyInstance: true } as Subscription] });
    await until('a log that ends with markers is caught up with', () => late.messaging.caughtUp('subject'));
    await producer.disconnect();
  });

  it('a subscription of every instance reaches every instance, and changes states once each', async () => {
    const everywhere = { ...subjectConsumer, everyInstance: true } as Subscription;
    await start('a', { subscriptions: [everywhere] });
    await start('b', { subscriptions: [everywhere] });
    await world.produce([intent('x', 'once')]);
    const both = async () =>
      (
        await world.query.query<{ consumer: string }>('SELECT DISTINCT consumer FROM offsets WHERE next > 0 ORDER BY 1')
      ).rows.map(({ consumer }) => consumer);
    await until('both have read it', async () => (await both()).length === 2);
    expect(await both()).toEqual(['subject@a', 'subject@b']);
    await until('it is published', async () => (await world.look()).outbox === 0);
    expect(new Set(await world.published())).toEqual(new Set(['once/x']));
  });

  it('an ingester gets every record, readable or not, and its rows stand with the offset', async () => {
    await world.query.query('CREATE TABLE seen (part int, off bigint, reason text, PRIMARY KEY (part, off))');
    const ingester: Ingester = {
      name: 'keeper',
      topics: ['intents'],
      ingest: async (tx, records: Read[]) => {
        const of = <T>(column: (read: Read) => T) => records.map(column);
        const values = [
          of(({ record }) => record.partition),
          of(({ record }) => String(record.offset)),
          of(({ poison }) => poison?.reason ?? null),
        ];
        await tx.query('ingest', 'INSERT INTO seen SELECT * FROM unnest($1::int[], $2::bigint[], $3::text[])', values);
      },
    };
    await start('a', { subscriptions: [ingester] });
    await world.produce([intent('e', 'count'), { ...intent('p', 'x'), value: Buffer.from('{') }, intent('f', 'count')]);
    const rows = async () =>
      (await world.query.query<{ reason: string | null }>('SELECT reason FROM seen ORDER BY off')).rows.map(
        ({ reason }) => reason,
      );
    await until('all three', async () => (await rows()).length === 3);
    expect(await rows()).toEqual([null, 'NOT_JSON', null]);
    expect((await world.look()).parked).toMatchObject([{ reason: 'NOT_JSON' }]);
  });

  it('1, 6: a read model stands with what it shows; a record it cannot take is parked alone', async () => {
    await world.query.query('CREATE TABLE model (id text PRIMARY KEY, n smallint)');
    const consumer = {
      ...subjectConsumer,
      project: async (tx, { incoming }) => {
        const texts = incoming.map(({ event }) => (event.data as { text: string }).text.split(' ')[1] ?? '0');
        await tx.query('model', 'INSERT INTO model SELECT * FROM unnest($1::text[], $2::text[]::smallint[])', [
          incoming.map(({ event }) => event.id),
          texts,
        ]);
      },
    } as typeof subjectConsumer;
    await world.produce([
      intent('e0', 'count 1'),
      intent('e1', 'count 2'),
      intent('bad', 'count 70000'),
      intent('e2', 'count 3'),
    ]);
    await start('a', { subscriptions: [consumer] });
    await until('the neighbours', async () => (await count()) === 3);
    expect((await world.query.query('SELECT id FROM model ORDER BY 1')).rows).toEqual([
      { id: 'e0' },
      { id: 'e1' },
      { id: 'e2' },
    ]);
    expect((await world.look()).parked).toMatchObject([{ reason: 'HANDLER_FAILED' }]);
  });
});
