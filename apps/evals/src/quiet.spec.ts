import { afterEach, describe, expect, it } from '@jest/globals';
import type { OutRecord } from '@countersign/contracts';
import { createMessaging, FakeBroker, FakeDatabase, FakeStore, silentLog, work } from '@countersign/messaging';
import type { Consumer, Messaging, Worker } from '@countersign/messaging';
import { Quiet, StillBusy } from './quiet.js';
import { WatchedCluster } from './watched-cluster.js';

const RUNNING_MS = 20;
const TYPE = 'countersign.reply.sent.v1';

const asked = (tenant: string): OutRecord => ({
  ...{ topic: 'replies', key: tenant },
  value: JSON.stringify({
    intentId: 'i',
    tenant,
    text: 'x',
    outcome: 'answered',
    fromModel: false,
    turns: 0,
    actions: [],
  }),
  headers: { ce_specversion: '1.0', ce_id: `e-${tenant}`, ce_source: '/x', ce_type: TYPE, ce_tenantid: tenant },
});

/** One service: a record becomes work, which takes a while; `delayMs` later if it is for later. */
function world(delayMs = 0) {
  const done: string[] = [];
  const database = new FakeDatabase();
  const cluster = new WatchedCluster((record, place) => quiet.appended(record as OutRecord, place));
  const quiet: Quiet = new Quiet(new Map([['worker', database]]), () => cluster);
  const consumer: Consumer = {
    name: 'worker',
    topics: {
      replies: {
        [TYPE]: {
          touches: () => [],
          decide: ({ event }: { event: { tenantid: string; id: string } }) => [
            work({
              ...{ id: event.id, kind: 'slow', target: 't', tenant: event.tenantid, body: {} },
              ...(delayMs ? { notBefore: new Date(Date.now() + delayMs) } : {}),
            }),
          ],
        },
      },
    },
  } as unknown as Consumer;
  const worker: Worker<null> = {
    ...{ kinds: ['slow'], roundSize: 1, rounds: 4, leaseMs: 30_000 },
    perform: async ([row], round) => {
      await new Promise((resolve) => setTimeout(resolve, RUNNING_MS));
      done.push(row!.tenant);
      await round.finish(row!, { tag: 'done', status: 'DONE', outcome: null });
    },
    touches: () => [],
    decide: () => [],
  };
  const messaging: Messaging = createMessaging({
    ...{ subscriptions: [consumer], workers: [worker], encode: () => ({}) as never, log: silentLog },
    ...{ service: 'worker', instance: 'worker-1', databaseUrl: '', topicPrefix: 'x', parkingKey: Buffer.alloc(32) },
    ...{ kafka: { brokers: [], ssl: false }, onFatal: () => {} },
    ports: { broker: new FakeBroker(cluster), store: new FakeStore(database, 'worker-1') },
  });
  quiet.addReader({ database, instance: 'worker-1', consumer });
  return { quiet, cluster, messaging, database, done };
}

describe('a tenant (the numbers are those of quiet.ts)', () => {
  const started: Messaging[] = [];
  const start = async (delayMs = 0) => {
    const made = world(delayMs);
    started.push(made.messaging);
    await made.messaging.start();
    return made;
  };
  afterEach(async () => {
    await Promise.all(started.splice(0).map((messaging) => messaging.stop()));
  });

  it('1: is quiet once its records are handled and their work is done', async () => {
    const { quiet, cluster, done } = await start();
    cluster.append(asked('a'));
    await quiet.until(['a']);
    expect(done).toEqual(['a']);
  });

  it('1: is not quiet while a transaction of it waits to be published', async () => {
    const { quiet, cluster, database } = world();
    const record = asked('a');
    database.tables.outbox.set('o', { instance: 'worker-1', owner: 'o', createdAt: 0, records: [record] });
    await expect(quiet.until(['a'], RUNNING_MS)).rejects.toThrow(`worker has not published ${TYPE}`);
    cluster.append(record);
    await expect(quiet.until(['a'], RUNNING_MS)).rejects.toThrow('waits for worker');
  });

  it('1: does not wait for another', async () => {
    const { quiet, cluster, done } = await start();
    cluster.append(asked('a'));
    await quiet.until(['b']);
    expect(done).toEqual([]);
  });

  it('2: is quiet while its work is due much later', async () => {
    const { quiet, cluster, done } = await start(60_000);
    cluster.append(asked('a'));
    await quiet.until(['a']);
    expect(done).toEqual([]);
  });

  it('3: that never becomes quiet is told, with what it waits for', async () => {
    const { quiet, cluster, messaging } = world();
    started.push(messaging);
    cluster.append(asked('a'));
    await expect(quiet.until(['a'], RUNNING_MS)).rejects.toThrow(StillBusy);
    await expect(quiet.until(['a'], RUNNING_MS)).rejects.toThrow(`${TYPE} waits for worker`);
  });
});
