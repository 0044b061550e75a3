import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FIXTURES, keyed, refund, TestDesk } from './desk.spec-support.js';
import { buildServer } from './server.js';

let desk: TestDesk;
beforeAll(async () => {
  desk = await TestDesk.open();
});
afterAll(() => desk.close());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const asked = async (method: string, path: string, body: unknown, token: string) => {
  const headers = { 'content-type': 'application/json', ...bearer(token) };
  const response = await fetch(desk.url + path, { method, headers, body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
};
const put = (tenant: string, body: object = {}, token = FIXTURES) => asked('PUT', `/fixtures/${tenant}`, body, token);
const change = (tenant: string, record: string, fields: object, token = FIXTURES) =>
  asked('PATCH', `/fixtures/${tenant}/${record}`, { fields }, token);
const as = (tenant: string) => bearer(`${FIXTURES}.${tenant}`);
const get = async (tenant: string, path: string) => (await desk.call('GET', path, undefined, as(tenant))).body;

describe('1. tenants of evals', () => {
  it('are made and changed with their secret alone', async () => {
    const wrong = `${FIXTURES.slice(0, -1)}2`;
    for (const token of ['', wrong, `${FIXTURES}.eval-1`, 'a-token-of-acme-0001']) {
      expect((await put('eval-1', {}, token)).status).toBe(401);
      expect((await change('eval-1', 'order/ord_1001', { total: '1.00' }, token)).status).toBe(401);
    }
    for (const token of [`${wrong}.eval-1`, `${FIXTURES}eval-1`, `${FIXTURES}.acme`, `${FIXTURES}.`])
      expect((await desk.call('GET', '/v1/orders/ord_1001', undefined, bearer(token))).status).toBe(401);
  });

  it('are not there where nobody asked for them', async () => {
    const without = buildServer({ pool: desk.pool, tenantOf: () => undefined, logLevel: 'silent' });
    const made = await without.inject({ method: 'PUT', url: '/fixtures/eval-1', headers: bearer(FIXTURES), body: {} });
    const read = await without.inject({ method: 'GET', url: '/v1/orders/ord_1001', headers: as('eval-1') });
    expect([made.statusCode, read.statusCode]).toEqual([404, 401]);
    await without.close();
  });
});

it('2. no other tenant is made, changed or spoken for', async () => {
  for (const tenant of ['acme', 'eval-', 'EVAL-1', 'eval-1%2F..%2Facme', 'xeval-1']) {
    expect((await put(tenant)).status).toBe(422);
    expect((await change(tenant, 'order/ord_1001', { total: '1.00' })).status).toBe(422);
  }
  expect(await desk.orderOf('ord_1001')).toMatchObject({ total: { amount: '54.00' }, version: 1 });
});

describe('3. what a case is given', () => {
  it('stands over the base set, in this tenant alone', async () => {
    const records = [
      { type: 'order', id: 'ord_1001', fields: { total: '80.00' } },
      {
        type: 'order',
        id: 'ord_9001',
        fields: { customerId: 'cus_9001', total: { amount: '12.00', currency: 'USD' } },
      },
    ];
    expect(await put('eval-a', { people: { zoe: { roles: ['support-lead'] } }, records })).toMatchObject({
      status: 204,
    });
    await put('eval-b');
    expect(await get('eval-a', '/v1/orders/ord_1001')).toMatchObject({
      total: { amount: '80.00' },
      status: 'delivered',
    });
    expect(await get('eval-a', '/v1/orders/ord_9001')).toMatchObject({ total: { amount: '12.00', currency: 'USD' } });
    expect(await get('eval-a', '/v1/customers/cus_9001')).toMatchObject({ restricted: false });
    expect(await get('eval-a', '/v1/members/zoe')).toMatchObject({ roles: ['support-lead'] });
    expect(await get('eval-b', '/v1/orders/ord_1001')).toMatchObject({ total: { amount: '54.00' } });
    expect(await get('eval-b', '/v1/orders/ord_9001')).toMatchObject({ code: 'OTHER_TENANT' });
    expect(await get('eval-b', '/v1/tickets/tck_seed1')).toMatchObject({ orderId: 'ord_1004' });
    expect(await get('eval-b', '/v1/orders/ord_10000')).toMatchObject({ code: 'OTHER_TENANT' });
  });

  it.each<[string, object, string]>([
    ['of an unknown type', { type: 'invoice', id: 'inv_1', fields: {} }, 'invoice'],
    ['with an unknown field', { type: 'order', id: 'ord_1001', fields: { totl: '1.00' } }, 'totl'],
    ['with a value that cannot be', { type: 'order', id: 'ord_1001', fields: { total: 'much' } }, 'much'],
    ['with more words than there are', { type: 'order', id: 'ord_1001', fields: {}, of: 'acme' }, 'of'],
  ])('is refused by name where a record is %s, and then nothing of it is there', async (_, record, named) => {
    const ticket = { type: 'ticket', id: 'tck_1', fields: {} };
    const { status, text } = await put('eval-c', { records: [ticket, record] });
    expect({ status, text }).toEqual({ status: 422, text: expect.stringContaining(named) });
    expect((await desk.call('GET', '/v1/tickets/tck_1', undefined, as('eval-c'))).status).toBe(404);
  });

  it('changes as by somebody else: its version moves, and the ledger has none of it', async () => {
    await put('eval-d');
    expect((await change('eval-d', 'order/ord_1001', { total: '60.00' })).status).toBe(204);
    expect(await get('eval-d', '/v1/orders/ord_1001')).toMatchObject({ total: { amount: '60.00' }, version: 2 });
    expect(await desk.lines('/ledger?tenant=eval-d')).toEqual([]);
  });

  it('is not changed where it is not there', async () => {
    await put('eval-d');
    expect((await change('eval-d', 'order/ord_4242', { total: '60.00' })).status).toBe(404);
  });
});

it('shows the ledger and the access log of one tenant, all of it and nothing else', async () => {
  await Promise.all([put('eval-e'), put('eval-f')]);
  for (const tenant of ['eval-e', 'eval-f'])
    await desk.call('POST', '/v1/refunds', refund('ord_1001'), { ...keyed(), ...as(tenant) });
  expect(await desk.lines('/ledger?tenant=eval-e')).toMatchObject([
    { tenant: 'eval-e', kind: 'refund', record: 'ord_1001', amount: '18.00', currency: 'EUR' },
  ]);
  expect(await desk.lines('/access-log?tenant=eval-f')).toMatchObject([{ tenant: 'eval-f', status: 201 }]);
});
