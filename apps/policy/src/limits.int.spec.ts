import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { topicName } from '@countersign/contracts';
import { defineRule, deny, pass } from '@countersign/policy-kit';
import {
  PlainKafka,
  testBrokers,
  testServiceDatabase,
  testTopicPrefix,
  until,
  type TestServiceDatabase,
} from '@countersign/testing';
import type { Workflow } from '@countersign/workflow-kit';
import { migrations } from './migrations.js';
import { decided, outcomes, Race } from './race.fixture.js';
import { desk, deskWith } from './world.fixture.js';

const RACERS = 200;
const named = (name: string, change: Partial<Workflow>) => deskWith({ name, ...change });
const oneACase = defineRule({
  ...{ name: 'one-a-case', title: 'One payment a case at a time', tools: ['pay'] },
  history: ({ arguments: { caseId } }) => [{ as: 'ofCase', per: 'tenant', of: String(caseId), window: 'ever' }],
  decide: ({ history }) => (history['ofCase']!.open > 0 ? deny('LIMIT_EXCEEDED', 'another is open') : pass('none')),
});
const DESKS = [
  named('per-user', { budgets: [{ name: 'some', per: 'user', actionsPerDay: 60 }] }),
  named('per-tenant', { budgets: [{ name: 'some', per: 'tenant', amountPerDay: { EUR: '270.00' } }] }),
  named('per-tool', { budgets: [{ name: 'some', per: 'tool', recordsPerDay: 80 }] }),
  named('per-session', { limits: { ...desk.workflow.limits, amountPerSession: { EUR: '60.00' } } }),
  named('per-case', { rules: [...desk.workflow.rules, oneACase] }),
];

const topicPrefix = testTopicPrefix();
let database: TestServiceDatabase;
let kafka: PlainKafka;
let race: Race;
beforeAll(async () => {
  database = await testServiceDatabase('policy', { migrations });
  kafka = await PlainKafka.connect();
  await kafka.createTopics(topicPrefix);
  race = await Race.open(...DESKS);
  const engines = { databaseUrl: database.serviceUrl, kafka: { brokers: testBrokers(), ssl: false }, topicPrefix };
  await Promise.all(['one', 'two'].map((instance) => race.start(instance, engines)));
});
afterAll(async () => {
  await race?.close();
  await kafka?.deleteTopics(topicPrefix);
  await kafka?.close();
  await database?.drop();
});

it('two instances on real engines grant exactly what is left, whoever of 200 racers asks (limits 1, tally 1)', async () => {
  const claims = { roles: ['clerk'], exp: 4_000_000_000 };
  const [alice, amy] = [await race.provider.token(claims), await race.provider.token({ ...claims, sub: 'amy' })];
  const records = DESKS.flatMap(({ workflow: { name: workflow } }) =>
    Array.from({ length: RACERS }, (_, at) => {
      const both = workflow === 'per-tenant' || workflow === 'per-tool' || workflow === 'per-case';
      const caseId = `case_${at % 25}`;
      return race.record({ workflow, at, caseId, token: both && at % 2 === 0 ? amy : alice });
    }),
  );
  await Promise.all(records.map((record) => kafka.produce(topicName('intents', topicPrefix), record)));
  const found = async () => {
    const stored = await kafka.readAll(topicName('decisions', topicPrefix));
    return outcomes(
      stored.map(({ key, ...record }) => ({ ...record, topic: 'decisions', key: Buffer.from(key ?? '') })),
    );
  };
  const all = async () => decided(await found()) === records.length;
  await until(all, { what: () => 'every request to be decided', timeoutMs: 50_000 });
  expect(await found()).toEqual({
    'per-user': { approved: 60, RATE_LIMITED: 140 },
    'per-tenant': { approved: 90, RATE_LIMITED: 110 },
    'per-tool': { approved: 80, RATE_LIMITED: 120 },
    // Seven sessions, of which each has twenty.
    'per-session': { approved: 140, LIMIT_EXCEEDED: 60 },
    'per-case': { approved: 25, LIMIT_EXCEEDED: 175 },
  });
});
