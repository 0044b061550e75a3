import { describe, expect, it } from '@jest/globals';
import { Committer } from './committer.js';
import { subjectWorker, plainPerform } from './contract/subject.js';
import { until } from './contract/until.js';
import { encodePlain } from './contract/world.js';
import { FakeBroker } from './fake/fake-broker.js';
import { FakeStore } from './fake/fake-store.js';
import { Finisher } from './finisher.js';
import { silentLog } from './log.js';
import { Metrics } from './metrics.js';
import { Publisher } from './publisher.js';
import type { Worker, WorkRow } from './stream.js';

describe('the finisher', () => {
  it('stores an outcome that is handed in at whatever moment the last transaction ends', async () => {
    const store = new FakeStore();
    const metrics = new Metrics();
    const publisher = new Publisher(new FakeBroker(), store, silentLog, metrics);
    const intake = { reserve: () => new Map<string, number>(), settle: () => {} };
    const committer = new Committer(store, publisher, intake, { encode: encodePlain('/services/subject') }, undefined);
    const worker = subjectWorker(plainPerform) as unknown as Worker<never>;
    const finisher = new Finisher(store, committer, () => worker, silentLog, metrics, new AbortController().signal);
    const rowOf = async (id: string): Promise<WorkRow> => {
      const draft = { id, kind: 'job', target: 't', tenant: 'acme', body: { job: id } };
      await store.transact((tx) => tx.addWork([{ draft, leaseMs: 30_000 }]));
      return { ...draft, fence: 1, attempts: 1, status: 'QUEUED', createdAt: new Date() };
    };
    const finish = (row: WorkRow) =>
      finisher.finish(row, { tag: 'done', status: 'COMMITTED', outcome: { ok: true } as never });
    for (let steps = 0; steps < 12; steps++) {
      const [first, second] = [await rowOf(`first-${steps}`), await rowOf(`second-${steps}`)];
      let stored = false;
      void finish(first)
        .then(async () => {
          for (let step = 0; step < steps; step++) await Promise.resolve();
          await finish(second);
        })
        .then(() => (stored = true));
      await until(`the one handed in ${steps} steps later`, () => stored, 2000);
    }
    expect([...store.database.tables.work.values()].every(({ endedAt }) => endedAt !== undefined)).toBe(true);
    await publisher.stop(100);
  });
});
