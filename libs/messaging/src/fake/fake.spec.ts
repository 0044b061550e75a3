import { afterEach, describe, expect, it } from '@jest/globals';
import { claimsContract } from '../contract/claims.contract.js';
import { instancesContract } from '../contract/instances.contract.js';
import { messagingContract } from '../contract/messaging.contract.js';
import { workContract } from '../contract/work.contract.js';
import { intent, startSubject, type Subject } from '../contract/subject.js';
import { until } from '../contract/until.js';
import { GapError } from '../errors.js';
import type { FakeBroker } from './fake-broker.js';
import { FakeDatabase } from './fake-database.js';
import { FakeStore } from './fake-store.js';
import { fakeWorld } from './fake-world.js';

messagingContract('the fake engines', async () => fakeWorld());
workContract('the fake engines', async () => fakeWorld());
instancesContract('the fake engines', async () => fakeWorld());

describe('claims on the fake store', () => {
  let database = new FakeDatabase();
  claimsContract(
    () => new FakeStore(database, 'claiming'),
    async () => void (database = new FakeDatabase()),
  );
});

describe('faults that only the fake can time', () => {
  let subject: Subject;
  afterEach(() => subject.messaging.stop());

  it('5: nothing is delivered between a join and the positions loaded for it', async () => {
    const world = fakeWorld();
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    await world.produce([intent('e', 'count')]);
    subject = await startSubject(world, 'a', {
      wrap: ({ broker, store }) => {
        const positions = store.positions.bind(store);
        store.positions = (...asked) => gate.then(() => positions(...asked));
        return { broker, store };
      },
    });
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(subject.batches).toEqual([]);
    release();
    await until('it is handled', async () => 'counter/s' in (await world.look()).states);
  });

  it('has caught up although the log ends with what is never delivered', async () => {
    const world = fakeWorld();
    const { cluster } = world.connect('look').broker as FakeBroker;
    await world.produce([intent('e0', 'count')]);
    for (const place of cluster.places(['intents'])) cluster.marker(place);
    subject = await startSubject(world, 'a');
    await until('it has caught up', () => subject.messaging.caughtUp('subject'));
    expect((await world.look()).states['counter/s']).toEqual({ count: 1 });
  });

  it('is not ready while the service says why', async () => {
    let because: string | undefined = 'the lock is not held';
    subject = await startSubject(fakeWorld(), 'a', { notReady: () => because });
    const { messaging } = subject;
    await until('it has joined', async () => (await messaging.health()).subscriptions[0]!.joined);
    expect(await messaging.health()).toMatchObject({ ready: false, because: ['the lock is not held'] });
    because = undefined;
    expect(await messaging.health()).toMatchObject({ ready: true, because: [] });
  });

  it('4: a topic made anew while it is read stops the service', async () => {
    const world = fakeWorld();
    subject = await startSubject(world, 'a');
    await world.produce([intent('e0', 'count'), intent('e1', 'count')]);
    await until(
      'both are handled',
      async () => ((await world.look()).states['counter/s'] as { count: number } | undefined)?.count === 2,
    );
    const { cluster } = subject.broker as FakeBroker;
    for (const place of cluster.places(['intents'])) cluster.recreate(place);
    await world.produce([intent('anew', 'count')]);
    await until('the end', () => subject.fatal.length > 0);
    expect(subject.fatal[0]).toBeInstanceOf(GapError);
  });

  it('4: an owner that goes on between the ends of the log and the positions is no gap', async () => {
    const world = fakeWorld();
    const { store: others } = world.connect('others');
    const { cluster } = world.connect('look').broker as FakeBroker;
    await world.produce([intent('e0', 'once')]);
    let joins = 0;
    subject = await startSubject(world, 'a', {
      wrap: ({ broker, store }) => {
        const positions = store.positions.bind(store);
        store.positions = async (consumer, places) => {
          if (joins++ === 0) {
            await world.produce([intent('e1', 'once'), intent('e2', 'once')]);
            const ends = places.map((place) => ({ ...place, start: cluster.bounds(place).high }));
            await others.positions(consumer, ends);
          }
          return positions(consumer, places);
        };
        return { broker, store };
      },
    });
    await until(
      'it has joined, or ends',
      async () => subject.fatal.length > 0 || (await subject.messaging.health()).ready,
    );
    await world.produce([intent('e3', 'once')]);
    await until('it goes on', async () => 'seen/e3' in (await world.look()).states);
    expect(subject.fatal).toEqual([]);
  });

  it('4: a batch that was fetched before another owner went on is no gap', async () => {
    const world = fakeWorld();
    subject = await startSubject(world, 'a', {
      deliver: async (batch, messaging) => {
        await messaging.handle(batch);
        await messaging.handle({ ...batch, records: [], highWatermark: 0n });
      },
    });
    await world.produce([intent('e0', 'count')]);
    await until('it is handled', async () => 'counter/s' in (await world.look()).states);
    await world.produce([intent('e1', 'once')]);
    await until('the next as well', async () => 'seen/e1' in (await world.look()).states);
    expect(subject.fatal).toEqual([]);
  });

  it('7: ends of the log that cannot be asked for now are asked for again', async () => {
    const world = fakeWorld();
    let failures = 0;
    subject = await startSubject(world, 'a', {
      wrap: ({ broker, store }) => {
        const bounds = broker.bounds.bind(broker);
        broker.bounds = async (topic) => {
          if (failures > 0 && failures-- > 0) throw new Error('the broker is away');
          return bounds(topic);
        };
        return { broker, store };
      },
    });
    await until('it has joined', async () => (await subject.messaging.health()).ready);
    const { cluster } = subject.broker as FakeBroker;
    failures = 2;
    // What stands behind a marker begins above the stored position.
    for (const place of cluster.places(['intents'])) cluster.marker(place);
    await world.produce([intent('e0', 'count')]);
    await until('it is handled', async () => 'counter/s' in (await world.look()).states);
    expect(failures).toBe(0);
    expect(subject.fatal).toEqual([]);
  });
});
