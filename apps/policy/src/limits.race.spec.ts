import { expect, it } from '@jest/globals';
import { FakeBroker, FakeCluster, FakeDatabase, FakeStore } from '@countersign/messaging';
import { until } from '@countersign/testing';
import { decided, outcomes, Race } from './race.fixture.js';
import { deskWith } from './world.fixture.js';

it('two instances never grant more than a day allows between them (limits 1)', async () => {
  const race = await Race.open(
    deskWith({ budgets: [{ name: 'money', per: 'user', amountPerDay: { EUR: '100.00' } }] }),
  );
  const cluster = new FakeCluster(6);
  const database = new FakeDatabase();
  const engines = { databaseUrl: '', kafka: { brokers: [], ssl: false }, topicPrefix: 'p' };
  try {
    for (const instance of ['one', 'two'])
      await race.start(instance, {
        ...engines,
        ports: { broker: new FakeBroker(cluster), store: new FakeStore(database, instance) },
      });
    const token = await race.provider.token({ roles: ['clerk'], exp: 4_000_000_000 });
    for (let at = 0; at < 60; at++)
      cluster.append({ topic: 'intents', ...race.record({ workflow: 'desk', token, at }) });
    const found = () => outcomes(cluster.read('decisions'));
    await until(() => decided(found()) === 60, { what: 'every request to be decided' });
    expect(found()).toEqual({ desk: { approved: 33, RATE_LIMITED: 27 } });
  } finally {
    await race.close();
  }
});
