import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { testServiceDatabase, until, type TestServiceDatabase } from '@countersign/testing';
import { drained, openDrain } from './drain.js';
import { givenKill } from './given.spec-support.js';
import { migrations } from './migrations.js';
import { FLIGHT_MS, SendLock } from './send-lock.js';

const never = new Promise<void>(() => {});
const target = { tenant: 'acme', workflow: 'support-desk', tool: 'issue_refund' };

describe('the send lock and its drain, on real PostgreSQL (numbers: the guarantees of send-lock.ts)', () => {
  let database: TestServiceDatabase;
  let owner: pg.Pool;
  let locks: SendLock[] = [];
  let ended: number[] = [];
  const sendLock = () => {
    const lock = new SendLock(database.serviceUrl, 'executor-1');
    locks.push(lock);
    return lock;
  };
  const drain = () =>
    drained({ databaseUrl: database.serviceUrl, instance: 'executor-1', onEnded: (holders) => ended.push(holders) });
  const holders = async () =>
    (await owner.query(`select pid from pg_stat_activity where application_name = 'sends of executor-1'`)).rows as {
      pid: number;
    }[];
  const waiting = async () =>
    (
      await owner.query(`select pid from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())`)
    ).rowCount;

  beforeAll(async () => {
    database = await testServiceDatabase('executor', { migrations });
    owner = new pg.Pool({ connectionString: database.url, max: 2 });
  });
  afterEach(async () => {
    for (const lock of locks) lock.close();
    [locks, ended] = [[], []];
    await until(async () => (await holders()).length === 0, { what: 'connections to end', everyMs: 5 });
  });
  afterAll(async () => {
    await owner?.end();
    await database?.drop();
  });

  it('1: a drain waits for a flight, and who comes meanwhile knows of the change', async () => {
    const lock = sendLock();
    const [flight, other] = [await lock.take(), await lock.take()];
    other.land([]);
    expect(flight.opening.view.killedBy(target)).toBeUndefined();
    await owner.query(`insert into executor.state (key, body, rev) values ('control:kill/*', $1, 1)`, [
      givenKill('kill/*', 3),
    ]);
    const order: string[] = [];
    const draining = drain().then(() => order.push('drained'));
    await until(async () => (await waiting()) === 1, { what: 'the drain to wait', everyMs: 5 });
    const next = lock.take().then((flight) => (order.push('took off'), flight));
    order.push('landed');
    flight.land([]);
    await draining;
    const late = await next;
    expect(order[0]).toBe('landed');
    expect(late.opening.view.killedBy(target)).toMatchObject({ scope: 'kill/*' });
    expect(late.opening.age()).toBeLessThan(FLIGHT_MS / 2);
    expect(ended).toEqual([]);
    late.land([]);
    await owner.query('delete from executor.state');
  });

  it('2: a holder that never lets go is ended, its flight is over, and the drain is through within 2 s', async () => {
    const flight = await sendLock().take();
    const other = await sendLock().take();
    const from = performance.now();
    await drain();
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(ended).toEqual([2]);
    await until(() => flight.lost.aborted && other.lost.aborted, { what: 'the flights to hear of it', everyMs: 5 });
  });

  it('2: who is frozen with the drained lock in hand keeps nobody else from sending for long', async () => {
    const frozen = await openDrain(database.serviceUrl, 'drain of executor-2');
    await frozen.take();
    // Nothing more comes from it.
    const flight = await sendLock().take();
    expect(flight.lost.aborted).toBe(false);
    flight.land([]);
    await frozen.end().catch(() => {}); // the server has ended it
  });

  it('2: a connection that broke is not taken again', async () => {
    const lock = sendLock();
    (await lock.take()).land([]);
    const [{ pid }] = (await holders()) as [{ pid: number }];
    await owner.query('select pg_terminate_backend($1)', [pid]);
    await until(async () => (await holders()).length === 0, { what: 'it to end', everyMs: 5 });
    const flight = await lock.take();
    expect(flight.lost.aborted).toBe(false);
    flight.land([]);
  });

  it('3: is let go when all is answered, and else when nothing can begin any more; several share it', async () => {
    const lock = sendLock();
    const [slow, quick] = await Promise.all([lock.take(), lock.take()]);
    slow.land([never]);
    quick.land([Promise.resolve(), Promise.reject(new Error('no answer'))]);
    await drain();
    expect(ended).toEqual([]);
    expect(slow.lost.aborted).toBe(false);
    const again = await lock.take();
    expect(await holders()).toHaveLength(2);
    again.land([]);
  });
});
