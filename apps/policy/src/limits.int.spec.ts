import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { topicName } from '@countersign/contracts';
import {
  PlainKafka,
  testBrokers,
  testServiceDatabase,
  testTopicPrefix,
  until,
  type TestServiceDatabase,
} from '@countersign/testing';
import { migrations } from './migrations.js';
import { outcomes, Race } from './race.fixture.js';
import { desk, deskWith } from './world.fixture.js';

const topicPrefix = testTopicPrefix();
const limits = { ...desk.workflow.limits, amountPerSession: { EUR: '60.00' }, amountPerDay: { EUR: '300.00' } };
let database: TestServiceDatabase;
let kafka: PlainKafka;
let race: Race;
beforeAll(async () => {
  database = await testServiceDatabase('policy', { migrations });
  kafka = await PlainKafka.connect();
  await kafka.createTopics(topicPrefix);
  race = await Race.open(deskWith({ limits }));
  const engines = { databaseUrl: database.serviceUrl, kafka: { brokers: testBrokers(), ssl: false }, topicPrefix };
  await Promise.all(['one', 'two'].map((instance) => race.start(instance, engines)));
});
afterAll(async () => {
  await race?.close();
  await kafka?.deleteTopics(topicPrefix);
  await kafka?.close();
  await database?.drop();
});

it('two instances on real engines never grant more than session and day allow between them (limits 1)', async () => {
  const token = await race.provider.token({ roles: ['clerk'], exp: 4_000_000_000 });
  const records = Array.from({ length: 210 }, (_, at) => race.record(token, at, '3.00'));
  await Promise.all(records.map((record) => kafka.produce(topicName('intents', topicPrefix), record)));
  const decided = async () => {
    const stored = await kafka.readAll(topicName('decisions', topicPrefix));
    return outcomes(
      stored.map(({ key, ...record }) => ({ ...record, topic: 'decisions', key: Buffer.from(key ?? '') })),
    );
  };
  const all = async () => {
    const found = await decided();
    return found.approved + found.exceeded === records.length;
  };
  await until(all, { what: () => 'every request to be decided', timeoutMs: 40_000 });
  // Seven sessions of thirty requests; twenty of each fit a session, a hundred of all the day.
  expect(await decided()).toEqual({ approved: 100, exceeded: 110 });
});
