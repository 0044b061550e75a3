import { afterEach, describe, expect, it } from '@jest/globals';
import { messagingContract } from '../contract/messaging.contract.js';
import { workContract } from '../contract/work.contract.js';
import { intent, startSubject, type Subject } from '../contract/subject.js';
import { until } from '../contract/until.js';
import { GapError } from '../errors.js';
import type { FakeBroker } from './fake-broker.js';
import { fakeWorld } from './fake-world.js';

messagingContract('the fake engines', async () => fakeWorld());
workContract('the fake engines', async () => fakeWorld());

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
});
