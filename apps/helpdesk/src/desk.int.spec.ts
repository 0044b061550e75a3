import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keyed, refund, TestDesk, type Headers } from './desk.spec-support.js';

let desk: TestDesk;
beforeAll(async () => {
  desk = await TestDesk.open();
});
afterAll(() => desk.close());

const call: TestDesk['call'] = (...args) => desk.call(...args);
const leave = { 'countersign-restricted': 'allowed' };
const by = (sub: string) => ({ 'countersign-actor': sub });
const bodyOf = async (path: string, headers: Headers = {}) => (await call('GET', path, undefined, headers)).body;

describe('restricted customers and all that belongs to them', () => {
  const orders = { globex: 'ord_2004', acme: 'ord_1009' };
  /** Every way to touch one: a customer, one merged into it, its orders, tickets, subscriptions, and what hangs on those. */
  const touches: [string, string, object?][] = [
    ['GET', '/v1/customers/cus_005'],
    ['GET', '/v1/customers/cus_008'],
    ['GET', '/v1/customers/cus_005/orders'],
    ['GET', '/v1/customers/cus_005/subscriptions'],
    ['GET', '/v1/customers/cus_005/entitlements'],
    ['GET', '/v1/orders/ord_1009'],
    ['GET', '/v1/orders/ord_1015'],
    ['GET', '/v1/orders/ord_1009/refunds'],
    ['GET', '/v1/subscriptions/sub_304'],
    ['GET', '/v1/tickets/tck_seed3'],
    ['GET', '/v1/tickets/tck_seed3/replies'],
    ['POST', '/v1/refunds/preview', refund('ord_1009')],
    ['POST', '/v1/refunds', refund('ord_1009')],
    ['POST', '/v1/refunds', refund('ord_1015')],
    ['POST', '/v1/tickets/preview', { customerId: 'cus_005', subject: 's', body: 'b' }],
    ['POST', '/v1/tickets', { customerId: 'cus_005', subject: 's', body: 'b' }],
    ['POST', '/v1/tickets', { orderId: 'ord_1009', subject: 's', body: 'b' }],
    ['POST', '/v1/tickets/tck_seed3/replies/preview', { body: 'b' }],
    ['POST', '/v1/tickets/tck_seed3/replies', { body: 'b' }],
    ['POST', '/v1/customers/cus_005/deletion/preview', {}],
    ['DELETE', '/v1/customers/cus_005', {}],
    ['PATCH', '/v1/orders/ord_1009', { status: 'paid' }],
    ['PATCH', '/v1/orders/ord_10020', { customerId: 'cus_005' }],
  ];

  it.each(touches)('%s %s is refused without leave, and nothing is said or done', async (method, path, ...[body]) => {
    const key = randomUUID();
    expect(await call(method, path, body, keyed(key))).toEqual({
      status: 403,
      body: { code: 'RECORD_RESTRICTED', detail: 'This record is restricted.' },
      replayed: null,
    });
    expect(await desk.effectsOf(key)).toEqual([]);
  });

  it.each(touches.filter(([method]) => method === 'GET'))('%s %s is shown with leave', async (method, path) => {
    expect(await call(method, path, undefined, leave)).toMatchObject({ status: 200 });
  });

  it('is refunded with leave; what hangs on it is as closed', async () => {
    const { body } = await desk.pay(refund(orders.acme), randomUUID(), leave);
    expect(body.record).toMatchObject({ orderId: 'ord_1009', paidTo: 'cus_005' });
    expect(await call('GET', `/v1/refunds/${body.record.id}`)).toMatchObject({ status: 403 });
    const { body: reply } = await call(
      'POST',
      '/v1/tickets/tck_seed3/replies',
      { body: 'b' },
      keyed(randomUUID(), leave),
    );
    expect(await call('GET', `/v1/replies/${reply.record.id}`)).toMatchObject({ status: 403 });
    expect(await call('GET', `/v1/replies/${reply.record.id}`, undefined, leave)).toMatchObject({ status: 200 });
  });

  it('a repeat is answered as the first time', async () => {
    const [key, order] = [randomUUID(), 'ord_10021'];
    const first = await desk.pay(refund(order), key);
    await call('PATCH', `/v1/orders/${order}`, { customerId: 'cus_005' }, leave);
    expect(await desk.pay(refund(order), key)).toEqual({ ...first, replayed: 'true' });
    expect(await desk.pay(refund(order))).toMatchObject({ status: 403 });
  });

  it('leave opens no other tenant', async () => {
    const answer = await call('GET', `/v1/orders/${orders.globex}`, undefined, leave);
    expect(answer).toMatchObject({ status: 404, body: { code: 'OTHER_TENANT' } });
  });
});

describe("another tenant's id", () => {
  it.each([
    ['orders', 'order', 'ord_2001'],
    ['customers', 'customer', 'cus_201'],
    ['subscriptions', 'subscription', 'sub_401'],
    ['members', 'member', 'erin'],
    ['tickets', 'ticket', 'tck_seed4'],
  ])('of %s is told from one that is nowhere by its code alone', async (path, kind, id) => {
    expect(await call('GET', `/v1/${path}/${id}`)).toEqual({
      status: 404,
      body: { code: 'OTHER_TENANT', detail: `There is no ${kind} ${id}.` },
      replayed: null,
    });
    expect(await call('GET', `/v1/${path}/${id}x`)).toEqual({
      status: 404,
      body: { code: 'NOT_FOUND', detail: `There is no ${kind} ${id}x.` },
      replayed: null,
    });
  });

  it.each<[string, string, object]>([
    ['POST', '/v1/refunds/preview', refund('ord_2001')],
    ['POST', '/v1/refunds', refund('ord_2001')],
    ['POST', '/v1/tickets/preview', { customerId: 'cus_201', subject: 's', body: 'b' }],
    ['POST', '/v1/tickets', { customerId: 'cus_001', orderId: 'ord_2001', subject: 's', body: 'b' }],
    ['POST', '/v1/tickets/tck_seed4/replies', { body: 'b' }],
    ['POST', '/v1/members/erin/preview', { roles: ['admin'] }],
    ['PATCH', '/v1/members/erin', { roles: ['admin'] }],
    ['POST', '/v1/customers/cus_201/deletion/preview', {}],
    ['DELETE', '/v1/customers/cus_201', {}],
  ])('%s %s is there for nobody else', async (method, path, body) => {
    const key = randomUUID();
    expect(await call(method, path, body, keyed(key))).toMatchObject({ status: 404, body: { code: 'OTHER_TENANT' } });
    expect(await desk.effectsOf(key)).toEqual([]);
  });
});

describe('1. drafts of replies', () => {
  it('are kept beside the ticket, as previewed, once a key', async () => {
    const [key, path] = [randomUUID(), '/v1/tickets/tck_seed2/replies'];
    const { body: preview } = await call('POST', `${path}/preview`, { body: 'It was the snow.' });
    expect(preview).toEqual({
      effect: { ticketId: 'tck_seed2', body: 'It was the snow.', status: 'draft' },
      basis: { ticketId: 'tck_seed2', ticketVersion: 1 },
      read: [{ type: 'ticket', id: 'tck_seed2', version: 1 }],
    });
    const draft = { body: 'It was the snow.', ifVersion: 1 };
    const first = await call('POST', path, draft, keyed(key, by('alice')));
    expect(first).toMatchObject({ status: 201, body: { record: { ...preview.effect, author: 'alice', version: 1 } } });
    expect(await call('POST', path, draft, keyed(key))).toMatchObject({ body: first.body, replayed: 'true' });
    expect((await bodyOf(path)).data).toEqual([first.body.record]);
    expect(await bodyOf(`/v1/replies/${first.body.record.id}`)).toEqual(first.body.record);
    expect(await desk.effectsOf(key)).toMatchObject([{ kind: 'reply-draft', record: 'tck_seed2', actor: 'alice' }]);
    expect(await call('POST', path, draft)).toMatchObject({ body: { code: 'IDEMPOTENCY_KEY_REQUIRED' } });
    expect(await call('POST', path, { ...draft, ifVersion: 2 }, keyed())).toMatchObject({ status: 412 });
    expect(await call('POST', path, { ...draft, send: true }, keyed())).toMatchObject({ status: 422 });
  });
});

describe('2. roles of members', () => {
  it('change as previewed, once a key', async () => {
    const [key, change] = [randomUUID(), { roles: ['support-lead'] }];
    const { body: preview } = await call('POST', '/v1/members/alice/preview', change, by('adam'));
    expect(preview).toMatchObject({
      effect: { memberId: 'alice', rolesBefore: ['support-agent'], rolesAfter: ['support-lead'], activeAfter: true },
      basis: { memberId: 'alice', memberVersion: 1 },
    });
    const patch = () => call('PATCH', '/v1/members/alice', { ...change, ifVersion: 1 }, keyed(key, by('adam')));
    expect((await patch()).body.changed).toMatchObject([
      { type: 'member', before: { roles: ['support-agent'] }, after: { roles: ['support-lead'], version: 2 } },
    ]);
    expect(await patch()).toMatchObject({ replayed: 'true' });
    expect(await desk.effectsOf(key)).toMatchObject([{ kind: 'role-change', record: 'alice' }]);
    expect(await call('PATCH', '/v1/members/alice', { ...change, ifVersion: 1 }, keyed())).toMatchObject({
      status: 412,
    });
    expect(await call('PATCH', '/v1/members/alice', change)).toMatchObject({ status: 400 });
    expect(await call('PATCH', '/v1/members/alice', { active: false }, keyed())).toMatchObject({
      body: { record: { active: false, roles: ['support-lead'] } },
    });
  });

  it('are changed by nobody for themselves', async () => {
    const refused = { status: 422, body: { code: 'OWN_ROLES' } };
    const change = { roles: ['admin'] };
    expect(await call('POST', '/v1/members/bob/preview', change, by('bob'))).toMatchObject(refused);
    expect(await call('PATCH', '/v1/members/bob', change, keyed(randomUUID(), by('bob')))).toMatchObject(refused);
    expect(await bodyOf('/v1/members/bob')).toMatchObject({ roles: ['support-lead'] });
    expect(await call('PATCH', '/v1/members/bob', { roles: ['root'] }, keyed())).toMatchObject({ status: 422 });
  });
});

describe('3. the deletion of a customer', () => {
  it('empties the customer and leaves the books', async () => {
    const [key, id] = [randomUUID(), 'cus_5001'];
    const [order] = (await bodyOf(`/v1/customers/${id}/orders`)).data;
    const { body: preview } = await call('POST', `/v1/customers/${id}/deletion/preview`, {});
    expect(preview.effect).toEqual({ customerId: id, deleted: [id], ordersKept: 100, ticketsKept: 0 });
    const remove = () => call('DELETE', `/v1/customers/${id}`, { ifVersion: 1 }, keyed(key, by('adam')));
    const { status, body } = await remove();
    expect([status, body.changed]).toEqual([
      200,
      [
        {
          type: 'customer',
          id,
          version: 2,
          before: { id, tenant: 'acme', restricted: false, mergedInto: null, version: 1 },
          after: null,
        },
      ],
    ]);
    expect(await remove()).toMatchObject({ body, replayed: 'true' });
    expect(await call('GET', `/v1/customers/${id}`)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await call('GET', `/v1/customers/${id}/orders`)).toMatchObject({ status: 404 });
    expect(await bodyOf(`/v1/orders/${order.id}`)).toEqual(order);
    expect(await desk.effectsOf(key)).toMatchObject([{ kind: 'customer-deletion', record: id, actor: 'adam' }]);
    const left = await desk.pool.query("select * from customers c where id = 'cus_5001'");
    expect(JSON.stringify([left.rows, await bodyOf(`/v1/idempotency/${key}`)])).not.toMatch(/Customer 5001|@example/);
    expect(await call('DELETE', `/v1/customers/${id}`, {}, keyed())).toMatchObject({ status: 404 });
    expect(await call('DELETE', `/v1/customers/cus_5002`, {})).toMatchObject({ status: 400 });
    expect(await call('DELETE', `/v1/customers/cus_5002`, { ifVersion: 2 }, keyed())).toMatchObject({ status: 412 });
  });

  it.each([
    ['an order under way', 'cus_004', 'CUSTOMER_HAS_OPEN_ORDERS', 'ord_1011'],
    ['a subscription that runs', 'cus_001', 'CUSTOMER_HAS_SUBSCRIPTION', 'sub_301'],
    ['a subscription that is cancelled and paid for', 'cus_202', 'CUSTOMER_HAS_SUBSCRIPTION', 'sub_402'],
  ])('is refused while there is %s', async (_, id, code, because) => {
    const tenant = id === 'cus_202' ? 'globex' : 'acme';
    const refused = { status: 422, body: { code, detail: expect.stringContaining(because) } };
    expect(await call('POST', `/v1/customers/${id}/deletion/preview`, {}, {}, tenant)).toMatchObject(refused);
    expect(await call('DELETE', `/v1/customers/${id}`, {}, keyed(), tenant)).toMatchObject(refused);
  });

  it('takes those merged into them along, and is not asked of those', async () => {
    expect(await call('DELETE', '/v1/customers/cus_204', {}, keyed(), 'globex')).toMatchObject({
      status: 422,
      body: { code: 'CUSTOMER_MERGED', detail: 'cus_204 was merged into cus_201; name that customer.' },
    });
    const over = (id: string) =>
      `update subscriptions set status = 'cancelled', period_end = '2020-01-01' where id = '${id}'`;
    await desk.pool.query(over('sub_401'));
    await desk.pool.query("update orders set status = 'delivered' where tenant = 'globex' and customer_id = 'cus_201'");
    const { body } = await call('DELETE', '/v1/customers/cus_201', {}, keyed(), 'globex');
    expect(body.changed.map(({ id }: { id: string }) => id)).toEqual(['cus_201', 'cus_204']);
    expect(await call('GET', '/v1/customers/cus_204', undefined, {}, 'globex')).toMatchObject({ status: 404 });
  });
});

describe('customers that were merged', () => {
  it('are paid as the one that stands for them', async () => {
    const { body: preview } = await call('POST', '/v1/refunds/preview', refund('ord_1013'));
    expect(preview.effect).toMatchObject({ orderId: 'ord_1013', paidTo: 'cus_001' });
    expect((await desk.pay(refund('ord_1013'))).body.record).toMatchObject({ paidTo: 'cus_001' });
  });

  it('get no new ticket', async () => {
    const ticket = { customerId: 'cus_007', subject: 's', body: 'b' };
    const refused = { status: 422, body: { code: 'CUSTOMER_MERGED' } };
    expect(await call('POST', '/v1/tickets/preview', ticket)).toMatchObject(refused);
    expect(await call('POST', '/v1/tickets', ticket, keyed())).toMatchObject(refused);
  });
});

describe('a database of the first release', () => {
  it('gets what came after once, and its functions anew', async () => {
    const before = await desk.pool.query('select count(*) from customers');
    await desk.pool.query("delete from migrations where id like 'functions-%'");
    await desk.pool.query('create function no_such(kind text, id text) returns int language sql as $$ select 1 $$');
    await desk.stop();
    await desk.start();
    expect((await desk.pool.query('select count(*) from customers')).rows).toEqual(before.rows);
    const left = await desk.pool.query("select count(*)::int as n from pg_proc where proname = 'no_such'");
    expect(left.rows).toEqual([{ n: 1 }]);
    expect(await call('GET', '/v1/orders/ord_1001')).toMatchObject({ status: 200 });
  });
});
