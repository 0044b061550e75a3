import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { claimsContract } from '../contract/claims.contract.js';
import { kafkaWorld } from '../contract/kafka-world.js';
import { until } from '../contract/until.js';
import type { StateRow, Store } from '../ports.js';
import { messagingMigrations } from './migration.js';

describe('PostgreSQL as it is', () => {
  let world: Awaited<ReturnType<typeof kafkaWorld>>;
  let a: Store;
  let b: Store;
  beforeAll(async () => {
    world = await kafkaWorld();
  });
  beforeEach(async () => {
    a = world.connect('a').store;
    b = world.connect('b').store;
    await world.query.query('TRUNCATE state, outbox, work_late, parked, offsets');
  });
  afterEach(() => Promise.all([a.stop(), b.stop()]));
  afterAll(() => world.close());

  const draft = (id: string) => ({ id, kind: 'k', target: 't', tenant: 'acme', body: {} });
  const ask = { kinds: ['k'], limit: 10, leaseMs: 30_000, fullTargets: [], held: [] };
  const body = async (key: string) =>
    (await world.query.query<{ body: unknown }>('SELECT body FROM state WHERE key = $1', [key])).rows[0]?.body;

  it('9: what has ended cannot be changed, nor deleted while a redelivery may come', async () => {
    await a.transact((tx) => tx.addWork([{ draft: draft('final'), leaseMs: 1000 }]));
    await a.transact((tx) =>
      tx.endWork([{ id: 'final', fence: 1, status: 'COMMITTED', outcome: { text: '\u0000\ud800' } }]),
    );
    await expect(world.query.query(`UPDATE work SET status = 'FAILED' WHERE id = 'final'`)).rejects.toThrow(
      'has ended as COMMITTED',
    );
    await expect(world.query.query(`DELETE FROM work WHERE id = 'final'`)).rejects.toThrow('has ended as COMMITTED');
    expect((await world.query.query(`SELECT outcome FROM work WHERE id = 'final'`)).rows).toEqual([
      { outcome: { text: '\ufffd\ufffd' } },
    ]);
  });

  it('1: what stands in a row stays its own, whatever characters it holds and whichever of its neighbours is absent', async () => {
    const odd = { text: 'a\u001fb "quoted" \\ {},NULL\n', empty: '', list: ['', null] };
    for (const bodies of [[undefined, odd, undefined], [odd, odd], [undefined], [undefined, undefined, odd]]) {
      const rows = bodies.map((body, index) => ({ key: `odd/${bodies.length}/${index}`, body, rev: 0 }));
      await a.transact((tx) => tx.save(rows));
      const loaded = await a.transact((tx) => tx.load(rows.map(({ key }) => key)));
      expect(loaded).toEqual(rows.map((row) => ({ ...row, rev: 1 })));
      await world.query.query('TRUNCATE state');
    }
  });

  it('sweeps what ended long ago, and only that', async () => {
    await world.query.query(
      `INSERT INTO work (id, kind, target, tenant, body, ended_at) VALUES ('old', 'k', 't', 'acme', '{}', now() - interval '20 days')`,
    );
    await a.sweep(14 * 24 * 3600 * 1000);
    expect((await world.query.query(`SELECT id FROM work WHERE id IN ('old', 'final') ORDER BY 1`)).rows).toEqual([
      { id: 'final' },
    ]);
  });

  it('1: a commit that travels with a statement that fails is none, and tells why', async () => {
    const row = (key: string) => ({ key, body: {}, rev: 0 });
    const failing = a.transact(async (tx, close) => {
      const first = tx.save([row('whole')]);
      const second = tx.sql.query('t-fails', 'SELECT 1 / $1::int', [0]);
      const third = tx.save([row('after')]);
      close(Promise.all([third, first, second]), { mayBeLost: true });
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    expect([await body('whole'), await body('after')]).toEqual([undefined, undefined]);
  });

  it('1: what fails before it is sent keeps the commit from being sent', async () => {
    const failing = a.transact(async (tx, close) => {
      const first = tx.save([{ key: 'whole', body: {}, rev: 0 }]);
      close(Promise.all([first, Promise.reject(new TypeError('not sent'))]), { mayBeLost: false });
    });
    await expect(failing).rejects.toThrow('not sent');
    expect(await body('whole')).toBeUndefined();
  });

  it('1: a row that another transaction was first to write fails the commit', async () => {
    await a.transact(async (tx) => tx.save([{ key: 'k', body: { by: 'a' }, rev: 0 }]));
    const late = b.transact(async (tx, close) =>
      close(tx.save([{ key: 'k', body: { by: 'b' }, rev: 0 }]), { mayBeLost: false }),
    );
    await expect(late).rejects.toMatchObject({ code: '40001' });
    expect(await body('k')).toEqual({ by: 'a' });
  });

  /** A transaction of B that has loaded the rows and goes on when told. */
  const looking = async (keys: string[], change: (rows: StateRow[]) => StateRow[]) => {
    const loaded = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const done = b.transact(async (tx) => {
      const rows = await tx.load(keys);
      loaded.resolve();
      await gate.promise;
      await tx.save(change(rows));
    });
    await loaded.promise;
    return { proceed: gate.resolve, done };
  };
  const insert = (key: string) =>
    a.transact(async (tx) => tx.save([{ ...(await tx.load([key]))[0]!, body: { by: 'a' } }]));

  it('2: two transactions that find the same row absent: the second runs again', async () => {
    const second = await looking(['k'], ([row]) => [{ ...row!, body: { by: 'b' } }]);
    await insert('k');
    second.proceed();
    await expect(second.done).rejects.toMatchObject({ code: '40001' });
    expect(await body('k')).toEqual({ by: 'a' });
  });

  it('2: what was decided on an absence is decided on a locked one', async () => {
    // B looks at a row that is not there and writes another; A writes the one B found absent.
    const second = await looking(['absent', 'mine'], (rows) =>
      rows.map((row) => (row.key === 'mine' ? { ...row, body: { decided: 'on absence' } } : row)),
    );
    await insert('absent');
    second.proceed();
    await expect(second.done).rejects.toMatchObject({ code: '40001' });
    expect(await body('mine')).toBeUndefined();
  });

  it('9: two owners never claim the same row; a lease that ended frees it with a higher fence', async () => {
    await a.transact((tx) =>
      tx.addWork(['w1', 'w2', 'w3', 'w4'].map((id) => ({ draft: draft(id), leaseMs: undefined }))),
    );
    const [first, second] = await Promise.all([a.claim({ ...ask, limit: 2 }), b.claim({ ...ask, limit: 2 })]);
    expect([...first, ...second].map(({ id }) => id).sort()).toEqual(['w1', 'w2', 'w3', 'w4']);
    expect(await b.claim(ask)).toEqual([]);
    await world.age();
    const again = await b.claim(ask);
    expect(again.map(({ fence, attempts }) => [fence, attempts])).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
      [2, 2],
    ]);
    expect(await a.markSent(first, 1000)).toEqual(new Map());
    expect(await a.extend(first, 1000)).toEqual(new Set());
    expect((await b.markSent(again, 1000)).size).toBe(4);
  });

  it('a restarted instance takes back at once what its former life held; others wait for the lease', async () => {
    await a.transact((tx) => tx.addWork([{ draft: draft('held'), leaseMs: 30_000 }]));
    await b.adopt();
    expect((await b.claim(ask)).map(({ id }) => id)).not.toContain('held');
    const reborn = world.connect('a').store;
    await reborn.adopt();
    expect((await reborn.claim(ask)).map(({ id }) => id)).toContain('held');
    await reborn.stop();
  });

  it('work is passed over while its time has not come or its target is full', async () => {
    const later = { ...draft('later'), notBefore: new Date(a.now().getTime() + 60_000) };
    await a.transact((tx) =>
      tx.addWork([
        { draft: later, leaseMs: undefined },
        { draft: { ...draft('full'), target: 'busy' }, leaseMs: undefined },
      ]),
    );
    expect(await a.claim({ ...ask, fullTargets: ['busy'] })).toEqual([]);
    expect((await a.claim(ask)).map(({ id }) => id)).toEqual(['full']);
  });

  it('work waits for as long as was said, whatever the clock of the process says that said it', async () => {
    await a.readClock();
    const skewed = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
    try {
      const soon = { ...draft('soon'), kind: 'skewed', notBefore: a.now() };
      const later = { ...draft('much-later'), kind: 'skewed', notBefore: new Date(a.now().getTime() + 60_000) };
      await a.transact((tx) => tx.addWork([soon, later].map((one) => ({ draft: one, leaseMs: undefined }))));
      const [row] = await a.claim({ ...ask, kinds: ['skewed'] });
      expect(row?.id).toBe('soon');
      const again = { id: 'soon', fence: row!.fence, status: 'QUEUED' as const, because: 'again' };
      await a.transact((tx) => tx.deferWork([{ ...again, inMs: 0 }]));
      expect((await a.claim({ ...ask, kinds: ['skewed'] })).map(({ id }) => id)).toEqual(['soon']);
    } finally {
      skewed.mockRestore();
    }
  });

  it('7: a process frozen inside a transaction does not keep others from the rows for ever', async () => {
    const { rows } = await (a as Store & { sql: Store['sql'] }).sql
      .query<{ setting: string }>('t', `SELECT current_setting('idle_in_transaction_session_timeout') AS setting`, [])
      .then((found) => ({ rows: found }));
    expect(rows).toEqual([{ setting: '15s' }]);
  });

  it('statements over the same rows, given in whatever order, do not wait for each other for ever', async () => {
    const ids = Array.from({ length: 1_000 }, (_, at) => `crossed-${at}`);
    await a.transact((tx) => tx.addWork(ids.map((id) => ({ draft: draft(id), leaseMs: 60_000 }))));
    const refs = ids.map((id) => ({ id, fence: 1 }));
    for (let round = 0; round < 4; round++) {
      const crossed = Array.from({ length: 8 }, (_, at) => a.extend(at % 2 ? refs : refs.toReversed(), 60_000));
      expect((await Promise.all(crossed)).map(({ size }) => size)).toEqual(crossed.map(() => 1_000));
    }
  });

  it('a statement prepared while the table was small goes on finding its rows by their ids', async () => {
    const one = world.connect('one').store;
    const refs = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, at) => ({ id: `many-${from + at}`, fence: 1 }));
    const add = (from: number, to: number) =>
      one.transact((tx) => tx.addWork(refs(from, to).map(({ id }) => ({ draft: draft(id), leaseMs: 60_000 }))));
    const end = (from: number, to: number) =>
      one.transact((tx) => tx.endWork(refs(from, to).map((ref) => ({ ...ref, status: 'DONE', outcome: null }))));
    const seen = async () => {
      const { rows } = await world.query.query<{ looked: string; changed: string }>(
        `SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) AS looked, n_tup_upd AS changed FROM pg_stat_user_tables WHERE relname = 'work'`,
      );
      return { looked: Number(rows[0]!.looked), changed: Number(rows[0]!.changed) };
    };
    await world.query.query('ALTER TABLE work SET (autovacuum_enabled = false)');
    // From the sixth on PostgreSQL keeps one plan for all values.
    await add(0, 40);
    for (let at = 0; at < 10; at++) await end(at, at + 1);
    for (let from = 1_000; from < 4_000; from += 300) await add(from, from + 300);
    const before = await until('the counters of the first', async () => {
      await end(0, 1);
      const now = await seen();
      return now.changed >= 10 && now;
    });
    for (let from = 1_000; from < 1_300; from += 10) await end(from, from + 10);
    const after = await until('the counters of the rest', async () => {
      await end(0, 1);
      const now = await seen();
      return now.changed >= before.changed + 300 && now;
    });
    // 30 transactions on 3,000 rows: a scan looks at 310,000 here. The counters of the inserts may come late.
    expect(after.looked - before.looked).toBeLessThan(45_000);
    await one.stop();
  });

  describe('claims (the numbers are those of claims.ts)', () => {
    claimsContract(
      () => world.connect('claiming').store,
      async () =>
        void (await world.query.query(
          'ALTER TABLE work DISABLE TRIGGER USER; DELETE FROM work; ALTER TABLE work ENABLE TRIGGER USER',
        )),
    );

    it('3: what a tenant has queued is not looked at, though the statements were prepared on an empty table', async () => {
      const other = await kafkaWorld();
      await other.query.query('ALTER TABLE work SET (autovacuum_enabled = false)');
      const { store, broker } = other.connect('one');
      const looked = async () => {
        await store.sql.query('t-flush', 'SELECT pg_stat_force_next_flush() IS NULL', []);
        const { rows } = await other.query.query<{ looked: string }>(
          `SELECT seq_tup_read + idx_tup_fetch + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'work') AS looked
           FROM pg_stat_user_tables WHERE relname = 'work'`,
        );
        return Number(rows[0]!.looked);
      };
      // From the sixth on PostgreSQL keeps one plan for all values.
      for (let claim = 0; claim < 8; claim++) await store.claim(ask);
      await other.query.query(
        `INSERT INTO work (id, kind, target, tenant, body) SELECT t || n, 'k', 't', t, '{}' FROM unnest($1::text[], $2::int[]) AS q (t, c), generate_series(1, c) n`,
        [
          ['A', 'B'],
          [50_000, 1],
        ],
      );
      expect((await store.claim(ask)).map(({ tenant }) => tenant).sort()).toEqual(['A', 'A', 'A', 'A', 'A', 'B']);
      await until('the counters', async () => (await looked()) > 0);
      expect(await looked()).toBeLessThan(200);
      await Promise.all([store.stop(), broker.stop()]);
      await other.close();
    });
  });

  it('the migration goes back to nothing', async () => {
    const other = await kafkaWorld();
    const runner = { query: (sql: string) => other.query.query(sql) } as never;
    for (const Migration of messagingMigrations.toReversed()) await new Migration().down(runner);
    const left = await other.query.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`);
    expect(left.rows).toEqual([]);
    await other.close();
  });
});
