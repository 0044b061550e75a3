import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@countersign/testing';
import { keyed, refund, TestDesk } from './desk.spec-support.js';

let desk: TestDesk;
beforeAll(async () => {
  desk = await TestDesk.open();
});
afterAll(() => desk.close());
afterEach(() => desk.faults({}));

const call: TestDesk['call'] = (...args) => desk.call(...args);
const pay: TestDesk['pay'] = (...args) => desk.pay(...args);
const faults: TestDesk['faults'] = (...args) => desk.faults(...args);
const lines: TestDesk['lines'] = (...args) => desk.lines(...args);
const effectsOf: TestDesk['effectsOf'] = (...args) => desk.effectsOf(...args);
const orderOf: TestDesk['orderOf'] = (...args) => desk.orderOf(...args);

describe('records', () => {
  it('are seeded the same each time, and kept over a restart', async () => {
    const first = await orderOf('ord_1001');
    expect(first).toMatchObject({
      customerId: 'cus_001',
      status: 'delivered',
      total: { amount: '54.00', currency: 'EUR' },
      version: 1,
    });
    expect(await orderOf('ord_19999')).toMatchObject({ total: { amount: '1000.00' } });
    await desk.stop();
    await desk.start();
    expect(await orderOf('ord_1001')).toEqual(first);
  });

  it('answers what belongs to a customer', async () => {
    const ids = async (path: string) => (await call('GET', path)).body.data.map(({ id }: { id: string }) => id);
    expect(await ids('/v1/customers/cus_001/orders')).toEqual(['ord_1001', 'ord_1006', 'ord_1012']);
    expect(await ids('/v1/customers/cus_001/subscriptions')).toEqual(['sub_301']);
    expect(await ids('/v1/customers/cus_001/entitlements')).toEqual(['ent_501', 'ent_502']);
    expect((await call('GET', '/v1/members/bob')).body).toMatchObject({ roles: ['support-lead'], version: 1 });
  });

  it('of another tenant are not there, to read or to write, and the token alone names the tenant', async () => {
    const missing = { status: 404, body: { code: 'OTHER_TENANT' } };
    const others = [
      '/v1/orders/ord_1001',
      '/v1/customers/cus_001',
      '/v1/customers/cus_001/orders',
      '/v1/orders/ord_1001/refunds',
      '/v1/members/bob',
    ];
    for (const path of others)
      expect(await call('GET', path, undefined, { tenant: 'acme' }, 'globex')).toMatchObject(missing);
    const key = randomUUID();
    expect(await call('POST', '/v1/refunds', refund('ord_1001'), keyed(key), 'globex')).toMatchObject(missing);
    expect(await call('PATCH', '/v1/orders/ord_1001', { status: 'paid' }, {}, 'globex')).toMatchObject(missing);
    expect(
      await call('POST', '/v1/tickets', { customerId: 'cus_001', subject: 's', body: 'b' }, keyed(key), 'globex'),
    ).toMatchObject(missing);
    expect(await call('GET', '/v1/orders/ord_1001', undefined, { authorization: 'Bearer nobody' })).toMatchObject({
      status: 401,
    });
    expect(await effectsOf(key)).toEqual([]);
  });
});

describe('1. an effect, its ledger row and its answer are one', () => {
  it('refunds, and says what changed from what to what', async () => {
    const key = randomUUID();
    const { status, body } = await pay(refund('ord_1006'), key, { 'countersign-actor': 'alice' });
    expect(status).toBe(201);
    const [paid, order] = body.changed;
    expect(body).toMatchObject({
      version: 1,
      record: { orderId: 'ord_1006', amount: { amount: '18.00', currency: 'EUR' } },
    });
    expect(paid).toMatchObject({ type: 'refund', before: null, after: body.record });
    expect(order).toMatchObject({
      type: 'order',
      id: 'ord_1006',
      version: 2,
      before: { version: 1 },
      after: { remaining: { amount: '18.50' } },
    });
    expect(await effectsOf(key)).toMatchObject([
      { kind: 'refund', tenant: 'acme', record: 'ord_1006', amount: '18.00', currency: 'EUR', actor: 'alice' },
    ]);
    expect((await call('GET', '/v1/orders/ord_1006/refunds')).body.data).toEqual([body.record]);
    expect((await call('GET', `/v1/idempotency/${key}`)).body).toMatchObject({ key, status: 201, answer: body });
  });

  it('previews exactly what it then does, and changes nothing by it', async () => {
    const { body: preview } = await call('POST', '/v1/refunds/preview', refund('ord_1007', '20.00'));
    expect(preview).toEqual({
      effect: {
        ...refund('ord_1007', '20.00'),
        paidTo: 'cus_002',
        refundedBefore: '0.00',
        refundedAfter: '20.00',
        remaining: '109.90',
      },
      basis: { orderId: 'ord_1007', orderVersion: 1 },
      read: [{ type: 'order', id: 'ord_1007', version: 1 }],
    });
    expect(await orderOf('ord_1007')).toMatchObject({ version: 1 });
    await pay(refund('ord_1007', '20.00', { ifVersion: preview.basis.orderVersion }));
    expect(await orderOf('ord_1007')).toMatchObject({ refunded: { amount: '20.00' }, remaining: { amount: '109.90' } });
  });

  it.each([
    ['over what remains', refund('ord_1001', '54.01'), 'REFUND_EXCEEDS_REMAINING'],
    ['in another currency', refund('ord_1001', '18.00', { currency: 'USD' }), 'CURRENCY_MISMATCH'],
    ['of a cancelled order', refund('ord_1010'), 'ORDER_NOT_REFUNDABLE'],
    ['of nothing', refund('ord_1001', '0.00'), 'INVALID_ARGUMENTS'],
    ['of a fraction of a cent', refund('ord_1001', '1.001'), 'INVALID_ARGUMENTS'],
    ['with a field nobody knows', refund('ord_1001', '1.00', { force: true }), 'INVALID_ARGUMENTS'],
  ])('refuses a refund %s, and forgets the key', async (_what, body, code) => {
    const key = randomUUID();
    expect(await pay(body, key)).toMatchObject({ status: 422, body: { code } });
    expect(await effectsOf(key)).toEqual([]);
    expect(await call('GET', `/v1/idempotency/${key}`)).toMatchObject({ status: 404 });
  });

  it('the ledger cannot be changed, even by its owner', async () => {
    await pay(refund('ord_10000'));
    for (const sql of ['update ledger set amount = 0', 'delete from ledger', 'truncate ledger'])
      await expect(desk.pool.query(sql)).rejects.toThrow('append-only');
  });
});

describe('2. a key takes effect once', () => {
  it('is required', async () => {
    expect(await call('POST', '/v1/refunds', refund('ord_1001'))).toMatchObject({
      status: 400,
      body: { code: 'IDEMPOTENCY_KEY_REQUIRED' },
    });
    expect(await call('POST', '/v1/tickets', { subject: 's', body: 'b' })).toMatchObject({ status: 400 });
  });

  it('answers a repeat with the first answer, and refuses other content', async () => {
    const key = randomUUID();
    const first = await pay(refund('ord_10001'), key);
    const again = await pay(refund('ord_10001'), key);
    expect([first.replayed, again]).toEqual([null, { ...first, replayed: 'true' }]);
    expect(await pay(refund('ord_10001', '19.00'), key)).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_CONFLICT' },
    });
    expect(await call('POST', '/v1/tickets', { subject: 's', body: 'b' }, keyed(key))).toMatchObject({
      body: { code: 'IDEMPOTENCY_CONFLICT' },
    });
    expect(await effectsOf(key)).toHaveLength(1);
    expect(await orderOf('ord_10001')).toMatchObject({ refunded: { amount: '18.00' }, version: 2 });
  });

  it('belongs to its tenant', async () => {
    const key = randomUUID();
    await pay(refund('ord_10002'), key);
    const other = await call('POST', '/v1/refunds', refund('ord_2001'), keyed(key), 'globex');
    expect(other).toMatchObject({ status: 201, replayed: null });
    expect(await call('GET', `/v1/idempotency/${key}`, undefined, {}, 'globex')).toMatchObject({
      body: { answer: other.body },
    });
  });

  it('of twenty at the same moment one acts and all hear the same', async () => {
    const key = randomUUID();
    const all = await Promise.all(Array.from({ length: 20 }, () => pay(refund('ord_10003'), key)));
    expect(new Set(all.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
    expect(all.filter(({ replayed }) => replayed === null)).toHaveLength(1);
    expect(await effectsOf(key)).toHaveLength(1);
  });

  it('different keys at the same moment never refund more than the order', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => pay(refund('ord_10004', '300.00'))));
    expect(all.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(await orderOf('ord_10004')).toMatchObject({ refunded: { amount: '900.00' } });
  });

  it('of different orders at the same moment each ends by itself, whatever becomes of those it goes with', async () => {
    const asked = [
      refund('ord_10020', '20.00'),
      refund('ord_none'),
      refund('ord_10021', '21.00', { ifVersion: 99 }),
      { ...refund('ord_10022', '22.00'), currency: 'USD' },
      refund('ord_10023', '9999.00'),
      refund('ord_10024', '24.00'),
    ];
    const [first, ...others] = [refund('ord_10025', '25.00'), ...asked].map((one) => pay(one));
    expect((await Promise.all(others)).map(({ status, body }) => [status, body.record?.orderId ?? body.code])).toEqual([
      [201, 'ord_10020'],
      [404, 'NOT_FOUND'],
      [412, 'VERSION_MISMATCH'],
      [422, 'CURRENCY_MISMATCH'],
      [422, 'REFUND_EXCEEDS_REMAINING'],
      [201, 'ord_10024'],
    ]);
    expect(await first).toMatchObject({ status: 201, body: { record: { orderId: 'ord_10025' } } });
    const refunded = await Promise.all([20, 21, 22, 23, 24].map((n) => orderOf(`ord_100${n}`)));
    expect(refunded.map((order) => order.refunded.amount)).toEqual(['20.00', '0.00', '0.00', '0.00', '24.00']);
  });

  it('two of one order are refused by the database itself in one call, and nothing is done', async () => {
    const both = ['{acme,acme}', '{k1,k2}', '{h,h}', '{null,null}', '{a,a}', '{f,f}', '{ord_10026,ord_10026}'];
    const call = `commit_refunds($1, $2, $3, $4, $5, $6, $7, '{1,1}', '{EUR,EUR}', '{r,r}', '{null,null}')`;
    await expect(desk.pool.query(`select * from ${call}`, both)).rejects.toThrow('two refunds of one order');
    expect(await orderOf('ord_10026')).toMatchObject({ refunded: { amount: '0.00' } });
  });
});

describe('3. an answer that is lost', () => {
  it('is lost after the effect: one effect, two requests, one key', async () => {
    const key = randomUUID();
    await faults({ dropNext: 1 });
    await expect(pay(refund('ord_10005'), key)).rejects.toThrow('fetch failed');
    expect(await effectsOf(key)).toHaveLength(1);
    expect(await pay(refund('ord_10005'), key)).toMatchObject({ status: 201, replayed: 'true' });
    const seen = (await lines('/access-log')).filter(({ idempotencyKey }) => idempotencyKey === key);
    expect(seen).toMatchObject([
      { record: 'ord_10005', tenant: 'acme', dropped: true, replayed: false },
      { record: 'ord_10005', tenant: 'acme', dropped: false, replayed: true, status: 201 },
    ]);
  });

  it('drops only answers of effects, and only as many as were ordered', async () => {
    await faults({ dropNext: 1 });
    expect(await call('POST', '/v1/refunds/preview', refund('ord_10006'))).toMatchObject({ status: 200 });
    expect(await pay(refund('ord_10006', '5000.00'))).toMatchObject({ status: 422 });
    await expect(pay(refund('ord_10006'))).rejects.toThrow('fetch failed');
    expect(await pay(refund('ord_10006'))).toMatchObject({ status: 201 });
  });

  it('a status that is ordered comes before the effect', async () => {
    const key = randomUUID();
    await faults({ status: 503 });
    expect(await pay(refund('ord_10007'), key)).toMatchObject({ status: 503 });
    await faults({});
    expect(await effectsOf(key)).toEqual([]);
    expect(await pay(refund('ord_10007'), key)).toMatchObject({ status: 201, replayed: null });
  });

  it('answers garbage before an effect or after it: the key alone tells which', async () => {
    await faults({ garbageRate: 1, seed: 4 });
    const forms = new Set<string>();
    const seen = { before: 0, after: 0 };
    for (let round = 0; round < 24; round++) {
      const key = randomUUID();
      const answer = await desk.raw('POST', '/v1/refunds', refund('ord_10030', '1.00'), { 'idempotency-key': key });
      forms.add(answer.statusText === 'Teapot Assumed Unwell' ? 'phrase' : answer.text.slice(0, 2));
      seen[(await effectsOf(key)).length ? 'after' : 'before'] += 1;
    }
    expect(seen.before + seen.after).toBe(24);
    expect(Math.min(seen.before, seen.after)).toBeGreaterThan(4);
    expect(forms).toEqual(new Set(['<h', '{', '{"', '[{', 'phrase']));
  });

  it('forgets a key when its lifetime is over: it acts again, and a look-up by it proves nothing', async () => {
    const key = randomUUID();
    await pay(refund('ord_10031'), key);
    await desk.stop();
    await desk.start(1);
    expect(await call('GET', `/v1/idempotency/${key}`)).toMatchObject({ status: 404 });
    expect(await pay(refund('ord_10031'), key)).toMatchObject({ status: 201, replayed: null });
    expect(await effectsOf(key)).toHaveLength(2);
    await desk.stop();
    await desk.start();
    expect(await pay(refund('ord_10031'), key)).toMatchObject({ status: 201, replayed: 'true' });
  });

  it('refuses a fault it does not know', async () => {
    expect((await faults({ dropAnswers: 1 })).status).toBe(422);
  });
});

describe('3. a look-up by key', () => {
  it('waits for a write that has begun in time and is not done yet', async () => {
    const key = randomUUID();
    const holder = await desk.pool.connect();
    await holder.query('begin; lock table refunds in share mode');
    const waiting = async () =>
      (
        await desk.pool.query(`select 1 from pg_locks where not granted
          and database = (select oid from pg_database where datname = current_database())`)
      ).rowCount;
    const paying = pay(refund('ord_10014'), key);
    await until(async () => (await waiting()) === 1, { what: 'the write to begin', everyMs: 5 });
    let found: number | undefined;
    const looking = call('GET', `/v1/idempotency/${key}`).then(({ status }) => (found = status));
    await until(async () => found !== undefined || (await waiting()) === 2, { what: 'the look-up', everyMs: 5 });
    await holder.query('commit');
    holder.release();
    expect([(await paying).status, await looking]).toEqual([201, 200]);
  });
});

describe("4. Countersign-Not-After, by the database's clock", () => {
  const now = async () =>
    Number((await desk.pool.query('select extract(epoch from clock_timestamp()) * 1000 as ms')).rows[0].ms);
  const notAfter = (ms: number) => ({ 'countersign-not-after': String(Math.floor(ms)) });

  it('refuses what is too late, keeps the key free, and still answers a repeat', async () => {
    const key = randomUUID();
    expect(await pay(refund('ord_10008'), key, notAfter((await now()) - 1))).toMatchObject({
      status: 412,
      body: { code: 'TOO_LATE' },
    });
    expect(await effectsOf(key)).toEqual([]);
    expect(await pay(refund('ord_10008'), key, notAfter((await now()) + 60_000))).toMatchObject({ status: 201 });
    expect(await pay(refund('ord_10008'), key, notAfter(1))).toMatchObject({ status: 201, replayed: 'true' });
  });

  it('looks at the clock after it has the lock, however long that took', async () => {
    const holder = await desk.pool.connect();
    await holder.query('begin');
    await holder.query("select 1 from orders where tenant = 'acme' and id = 'ord_10009' for update");
    const limit = (await now()) + 300;
    const late = pay(refund('ord_10009'), randomUUID(), notAfter(limit));
    await until(async () => (await now()) > limit, { what: 'the limit to pass' });
    await holder.query('commit');
    holder.release();
    expect(await late).toMatchObject({ status: 412 });
  });

  it('started_at is never after the limit', async () => {
    const limit = (await now()) + 60_000;
    const key = randomUUID();
    await pay(refund('ord_10010'), key, notAfter(limit));
    const [effect] = await effectsOf(key);
    expect(Date.parse(effect.startedAt)).toBeLessThanOrEqual(limit);
    expect(Date.parse(effect.appliedAt)).toBeGreaterThanOrEqual(Date.parse(effect.startedAt));
  });

  it('a limit that is no time is refused', async () => {
    expect(await pay(refund('ord_10010'), randomUUID(), { 'countersign-not-after': 'soon' })).toMatchObject({
      status: 422,
    });
  });
});

describe('5. ifVersion', () => {
  it('refuses when the order has moved, and the same key may then be used for what it says now', async () => {
    const key = randomUUID();
    const changed = await call('PATCH', '/v1/orders/ord_10011', { status: 'shipped' });
    expect(changed).toMatchObject({
      status: 200,
      body: { version: 2, changed: [{ before: { status: 'delivered' }, after: { status: 'shipped' } }] },
    });
    expect(await pay(refund('ord_10011', '18.00', { ifVersion: 1 }), key)).toMatchObject({
      status: 412,
      body: { code: 'VERSION_MISMATCH' },
    });
    expect(await effectsOf(key)).toEqual([]);
    expect(await pay(refund('ord_10011', '18.00', { ifVersion: 2 }), key)).toMatchObject({ status: 201 });
  });

  it('of two that rest on one version one acts', async () => {
    const both = await Promise.all([1, 2].map(() => pay(refund('ord_10012', '18.00', { ifVersion: 1 }))));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 412]);
  });
});

describe('tickets', () => {
  it('are opened once a key, for a customer or an order that is there', async () => {
    const key = randomUUID();
    const ticket = { customerId: 'cus_001', orderId: 'ord_1001', subject: 'Wet box', body: 'It stood in the rain.' };
    const { body } = await call('POST', '/v1/tickets', ticket, keyed(key));
    expect(body.record).toMatchObject({ ...ticket, status: 'open', version: 1 });
    expect(await call('POST', '/v1/tickets', ticket, keyed(key))).toMatchObject({ body, replayed: 'true' });
    expect(await effectsOf(key)).toMatchObject([{ kind: 'ticket', record: body.record.id }]);
    expect((await call('GET', `/v1/tickets/${body.record.id}`)).body).toEqual(body.record);
    expect(await call('POST', '/v1/tickets', { ...ticket, customerId: 'cus_999' }, keyed(randomUUID()))).toMatchObject({
      status: 404,
    });
  });
});

describe('the access log', () => {
  it('has every request, also those that were refused', async () => {
    const actor = randomUUID();
    const seen = { 'countersign-actor': actor };
    await call('GET', '/v1/orders/ord_1003', undefined, seen);
    await call('GET', '/v1/orders/ord_2001', undefined, seen);
    await call('GET', '/v1/orders/ord_1003', undefined, { ...seen, authorization: 'Bearer nobody' });
    await call('POST', '/v1/refunds', refund('ord_1003'), seen);
    const mine = (await lines('/access-log')).filter((line) => line.actor === actor);
    expect(
      mine.map(({ tenant, method, record, status, records }) => [tenant, method, record, status, records]),
    ).toEqual([
      ['acme', 'GET', 'ord_1003', 200, [{ type: 'order', id: 'ord_1003', version: 1 }]],
      ['acme', 'GET', 'ord_2001', 404, []],
      [undefined, 'GET', undefined, 401, []],
      ['acme', 'POST', 'ord_1003', 400, []],
    ]);
  });

  it('names what a request was shown and what it changed, a list as one record of its owner', async () => {
    const seen = { 'countersign-actor': randomUUID() };
    const list = await call('GET', '/v1/customers/cus_001/subscriptions', undefined, seen);
    await call('POST', '/v1/refunds/preview', refund('ord_10013'), seen);
    const paid = await pay(refund('ord_10013'), randomUUID(), seen);
    const { id } = paid.body.record;
    await call('GET', `/v1/refunds/${id}`, undefined, seen);
    const mine = (await lines('/access-log')).filter(({ actor }) => actor === seen['countersign-actor']);
    const [order, moved] = [1, 2].map((version) => ({ type: 'order', id: 'ord_10013', version }));
    const refunded = { type: 'refund', id, version: 1 };
    expect(mine.map(({ records }) => records)).toEqual([
      [{ type: 'subscriptions', id: 'cus_001', version: list.body.version }],
      [order],
      [refunded, moved],
      [refunded, moved],
    ]);
  });
});
