import type { World } from '../contract/world.js';
import type { Broker, Store } from '../ports.js';
import { FakeBroker } from './fake-broker.js';
import { FakeCluster } from './fake-cluster.js';
import { FakeDatabase } from './fake-database.js';
import { FakeStore } from './fake-store.js';

/** The engines in memory. */
export function fakeWorld(): World {
  const cluster = new FakeCluster();
  const database = new FakeDatabase();
  const { offsets } = database.tables;
  const intents = () => cluster.places(['intents']);
  const bare = (broker: Broker) => broker as FakeBroker;
  return {
    prefix: 'fake',
    connect: (instance) => ({ broker: new FakeBroker(cluster), store: new FakeStore(database, instance) }),
    sever: async (broker: Broker, store: Store) => {
      await broker.stop();
      database.sever(store.owner);
    },
    produce: async (records) => {
      for (const record of records) cluster.append({ topic: 'intents', ...record });
    },
    published: async () => cluster.read('proposals').map(({ headers }) => String(headers['ce_id'])),
    look: async () => {
      const { states, work, late, parked, outbox } = database.tables;
      const bodies = [...states].flatMap(([key, { body }]) =>
        body === undefined ? [] : [[key, JSON.parse(body) as unknown]],
      );
      return {
        states: Object.fromEntries(bodies) as Record<string, unknown>,
        work: [...work.values()]
          .map(({ id, status, fence, attempts, endedAt }) => ({
            id,
            status,
            fence,
            attempts,
            ended: endedAt !== undefined,
          }))
          .sort(byId),
        late: late.map(({ workId, fence, status }) => ({ workId, fence, status })),
        parked: [...parked.values()]
          .map(({ id, reason, redrivenAt }) => ({ id, reason, redriven: redrivenAt !== null }))
          .sort(byId),
        outbox: outbox.size,
      };
    },
    rewind: async () => [...offsets.keys()].forEach((key) => offsets.set(key, 0n)),
    truncate: async () => {
      for (const place of intents()) cluster.truncate(place, cluster.bounds(place).high);
    },
    overshoot: async () => [...offsets].forEach(([key, next]) => offsets.set(key, next + 1000n)),
    age: async () => {
      const { outbox, work } = database.tables;
      for (const [id, row] of outbox) outbox.set(id, { ...row, createdAt: row.createdAt - 60_000 });
      for (const [id, row] of work) work.set(id, { ...row, leaseUntil: row.leaseUntil - 60_000 });
    },
    evict: async (broker) => bare(broker).evict(),
    close: async () => {},
  };
}

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
