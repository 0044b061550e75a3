import { describe, expect, it } from '@jest/globals';
import { Committer } from './committer.js';
import { subjectWorker } from './contract/subject.js';
import { until } from './contract/until.js';
import { encodePlain } from './contract/world.js';
import { FakeBroker } from './fake/fake-broker.js';
import { FakeStore } from './fake/fake-store.js';
import { Finisher } from './finisher.js';
import { silentLog } from './log.js';
import { Metrics } from './metrics.js';
import type { GivenBack, WorkRef } from './ports.js';
import { Publisher } from './publisher.js';
import type { Worker } from './stream.js';
import { WorkPool } from './work-pool.js';

/** Counts how often each lease was renewed. */
class RenewedStore extends FakeStore {
  readonly renewals = new Map<string, number>();

  override extend(refs: WorkRef[], leaseMs: number): Promise<Set<string>> {
    for (const { id } of refs) this.renewals.set(id, (this.renewals.get(id) ?? 0) + 1);
    return super.extend(refs, leaseMs);
  }
}

/** A store that is away for so many attempts to give work back. */
class AwayStore extends FakeStore {
  gaveBack: GivenBack[] = [];
  away = 0;

  override async release(rows: GivenBack[]): Promise<void> {
    if (this.away-- > 0) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    this.gaveBack.push(...rows);
    await super.release(rows);
  }
}

describe('the pool', () => {
  const failing = async (error: Error, { away = 0, attempts = 1 }) => {
    const store = new AwayStore();
    store.away = away;
    const metrics = new Metrics();
    const parts = { store, log: silentLog, metrics };
    const worker = subjectWorker(() => Promise.reject(error)) as unknown as Worker<never>;
    const pool = new WorkPool([worker], parts);
    const publisher = new Publisher(new FakeBroker(), store, silentLog, metrics);
    const committer = new Committer(store, publisher, pool, { encode: encodePlain('/services/subject') }, undefined);
    const draft = { id: 'w', kind: 'job', target: 't', tenant: 'acme', body: {} };
    await store.transact((tx) => tx.addWork([{ draft, leaseMs: undefined }]));
    Object.assign(store.database.tables.work.get('w')!, { attempts: attempts - 1 });
    pool.start(new Finisher(store, committer, () => worker, silentLog, metrics, new AbortController().signal));
    await until('it is given back', () => store.gaveBack.length > 0, 10_000);
    await Promise.all([pool.stop(0), publisher.stop(0)]);
    return store.gaveBack[0]!.delayMs;
  };

  it('gives work back as soon as the store is there again, long before its lease ends', async () => {
    expect(await failing(new Error('the round failed'), { away: 3 })).toBe(1_000);
  });

  it('takes work up again soon where an engine may have been away, however often it was claimed before', async () => {
    expect(await failing(new Error('Connection terminated'), { attempts: 12 })).toBe(4_000);
    expect(await failing(new TypeError('a bug'), { attempts: 12 })).toBe(60_000);
  });

  it('goes by the database clock for what is not due yet: its own may be a day off', async () => {
    const store = new FakeStore();
    const ahead = new Date(Date.now() + 86_400_000);
    store.now = () => ahead;
    const metrics = new Metrics();
    const worker = subjectWorker(() => Promise.resolve()) as unknown as Worker<never>;
    const pool = new WorkPool([worker], { store, log: silentLog, metrics });
    pool.start(undefined as never);
    const due = (id: string, inMs: number) => ({
      ...{ id, kind: 'job', target: 't', tenant: 'acme', body: {} },
      notBefore: new Date(ahead.getTime() + inMs),
    });
    const drafts = [due('due', -1), due('later', 30_000)];
    const leases = pool.reserve(drafts);
    expect([...leases.keys()]).toEqual(['due']);
    pool.settle(drafts, leases, new Set());
    await pool.stop(0);
  });

  it('renews each lease as often as it needs, however short another worker’s is', async () => {
    const store = new RenewedStore();
    const metrics = new Metrics();
    const held = Promise.withResolvers<void>();
    const worker = (kind: string, leaseMs: number) =>
      ({ ...subjectWorker(() => held.promise), kinds: [kind], leaseMs }) as unknown as Worker<never>;
    const workers = [worker('short', 60), worker('long', 60_000)];
    const pool = new WorkPool(workers, { store, log: silentLog, metrics });
    const publisher = new Publisher(new FakeBroker(), store, silentLog, metrics);
    const committer = new Committer(store, publisher, pool, { encode: encodePlain('/services/subject') }, undefined);
    const draft = (kind: string) => ({ id: kind, kind, target: 't', tenant: 'acme', body: {} });
    const rows = ['short', 'long'].map((kind) => ({ draft: draft(kind), leaseMs: undefined }));
    await store.transact((tx) => tx.addWork(rows));
    const { signal } = new AbortController();
    pool.start(new Finisher(store, committer, (kind) => pool.workerOf(kind), silentLog, metrics, signal));
    await until('the short one is renewed', () => (store.renewals.get('short') ?? 0) >= 5, 10_000).finally(() => {
      held.resolve();
      return Promise.all([pool.stop(0), publisher.stop(0)]);
    });
    expect(store.renewals.get('long')).toBeUndefined();
  });
});
