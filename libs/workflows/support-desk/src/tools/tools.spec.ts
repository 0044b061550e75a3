import { describe, expect, it } from '@jest/globals';
import type { Json } from '@countersign/contracts';
import type { CommitContext, TargetAnswer, TargetRequest } from '@countersign/tool-sdk';
import { createTicket } from './create-ticket.js';
import { computeRefundPreview } from './compute-refund-preview.js';
import { getCustomer } from './get-customer.js';
import { getOrder } from './get-order.js';
import { getSubscription } from './get-subscription.js';
import { issueRefund } from './issue-refund.js';

const NOW = new Date('2026-03-01T10:00:00.000Z');
const order = {
  id: 'ord_1001',
  tenant: 'acme',
  customerId: 'cus_001',
  status: 'delivered',
  total: { amount: '54.00', currency: 'EUR' },
  refunded: { amount: '0.00', currency: 'EUR' },
  remaining: { amount: '54.00', currency: 'EUR' },
  shipments: [{ id: 'shp_1', kind: 'whole', status: 'delivered', shippedAt: '2025-12-18T08:00:00Z', secretNote: 'x' }],
  placedAt: '2025-12-15T10:00:00.000Z',
  version: 3,
  updatedAt: '2026-01-05T09:00:00.000Z',
  internalMargin: '12.00',
};
const customer = {
  id: 'cus_001',
  tenant: 'acme',
  name: 'Dana',
  email: 'd@example.com',
  phone: null,
  restricted: false,
  mergedInto: null,
  version: 1,
};
const args = { orderId: 'ord_1001', amount: '18.00', currency: 'EUR', reason: 'Late.' };

/** helpdesk as these tools see it: one answer, and what it was asked. */
function asking(status: number, body: unknown, change: Partial<CommitContext> = {}) {
  const asked: TargetRequest[] = [];
  const request = (sent: TargetRequest): Promise<TargetAnswer> => {
    asked.push(sent);
    return Promise.resolve({ status, body: body as Json });
  };
  const context: CommitContext = {
    tenant: 'acme',
    actor: 'alice',
    target: { request },
    signal: new AbortController().signal,
    mayTouchRestricted: false,
    now: () => NOW,
    idempotencyKey: 'key_1',
    basis: {},
    ...change,
  };
  return { context, asked };
}

describe('reads', () => {
  it('take the declared fields and say where they came from', async () => {
    const { context, asked } = asking(200, order);
    const { result, recordsRead } = await getOrder.read!(context, { orderId: 'ord_1001' });
    expect(asked).toEqual([{ method: 'GET', path: '/v1/orders/ord_1001' }]);
    expect(recordsRead).toEqual([
      { system: 'helpdesk', type: 'order', id: 'ord_1001', version: '3', at: NOW.toISOString() },
    ]);
    expect(result).toMatchObject({ id: 'ord_1001', status: 'delivered', remaining: { amount: '54.00' } });
    expect(JSON.stringify(result)).not.toMatch(/internalMargin|secretNote/);
  });

  it("drop another tenant's record, whatever the target says", async () => {
    const { context } = asking(200, { ...order, tenant: 'globex' });
    await expect(getOrder.read!(context, { orderId: 'ord_1001' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const list = asking(200, {
      data: [{ id: 'sub_1', tenant: 'globex', version: 1, plan: 'p', status: 's', price: order.total, periodEnd: 'x' }],
    });
    await expect(getSubscription.read!(list.context, { customerId: 'cus_001' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('do not show a restricted record', async () => {
    const { context } = asking(200, { ...customer, restricted: true });
    await expect(getCustomer.read!(context, { customerId: 'cus_001' })).rejects.toMatchObject({
      code: 'RECORD_RESTRICTED',
    });
  });

  it.each([
    [404, { code: 'NOT_FOUND', detail: 'There is no order.' }, 'NOT_FOUND'],
    [422, { code: 'CURRENCY_MISMATCH', detail: 'It is in EUR.' }, 'INVALID_ARGUMENTS'],
    [422, { code: 'REFUND_EXCEEDS_REMAINING', detail: '1.00 left.' }, 'LIMIT_EXCEEDED'],
    [401, { code: 'UNAUTHENTICATED', detail: 'Send a token.' }, 'UPSTREAM_FAILED'],
    [400, 'not even JSON', 'UPSTREAM_FAILED'],
    [200, { id: 1 }, 'UPSTREAM_FAILED'],
  ])('turn %d %j into %s', async (status, body, code) => {
    const { context } = asking(status, body);
    await expect(getOrder.read!(context, { orderId: 'ord_1001' })).rejects.toMatchObject({ name: 'ToolRefusal', code });
  });
});

describe('a refund', () => {
  const effect = { ...args, refundedBefore: '0.00', refundedAfter: '18.00', remaining: '36.00' };
  const preview = { effect, basis: { orderId: 'ord_1001', orderVersion: 3 } };
  const answer = {
    record: {
      id: 'ref_1',
      tenant: 'acme',
      orderId: 'ord_1001',
      amount: { amount: '18.00', currency: 'EUR' },
      reason: 'Late.',
      version: 1,
    },
    version: 1,
    changed: [{ type: 'order', id: 'ord_1001', version: 4, before: order, after: { ...order, version: 4 } }],
  };
  const outcome = {
    result: { refundId: 'ref_1', orderId: 'ord_1001', amount: '18.00', currency: 'EUR' },
    recordsRead: [],
    recordsChanged: [
      {
        system: 'helpdesk',
        type: 'order',
        id: 'ord_1001',
        version: '4',
        before: expect.objectContaining({ version: 3 }),
        after: expect.objectContaining({ version: 4 }),
      },
    ],
  };

  it('is previewed with its effect and the version it rests on', async () => {
    const { context, asked } = asking(200, preview);
    expect(await issueRefund.preview!(context, args)).toMatchObject({
      ...preview,
      recordsRead: [{ id: 'ord_1001', version: '3' }],
    });
    expect(asked).toEqual([{ method: 'POST', path: '/v1/refunds/preview', body: args }]);
    const read = await computeRefundPreview.read!(context, { orderId: 'ord_1001', amount: '18.00', currency: 'EUR' });
    expect(read.result).toEqual({
      orderId: 'ord_1001',
      amount: '18.00',
      currency: 'EUR',
      refundedBefore: '0.00',
      refundedAfter: '18.00',
      remaining: '36.00',
      orderVersion: 3,
    });
  });

  it('is sent as a conditional write where a preview was decided on, and plainly where none was', async () => {
    const conditional = asking(201, answer, { basis: preview.basis });
    expect(await issueRefund.commit!(conditional.context, args)).toEqual(outcome);
    expect(conditional.asked).toEqual([{ method: 'POST', path: '/v1/refunds', body: { ...args, ifVersion: 3 } }]);
    const plain = asking(201, answer);
    await issueRefund.commit!(plain.context, args);
    expect(plain.asked[0]?.body).toEqual(args);
  });

  it('shows of a changed record the declared fields alone', async () => {
    const { recordsChanged } = await issueRefund.commit!(asking(201, answer).context, args);
    expect(JSON.stringify(recordsChanged)).not.toContain('internalMargin');
  });

  it('that was taken and answered oddly is no refusal', async () => {
    await expect(issueRefund.commit!(asking(201, { fine: true }).context, args)).rejects.not.toMatchObject({
      name: 'ToolRefusal',
    });
  });

  it('is looked up by its key', async () => {
    const known = asking(200, { key: 'key_1', status: 201, answer });
    expect(await issueRefund.lookup!(known.context, args)).toEqual({ found: 'committed', outcome });
    expect(known.asked).toEqual([{ method: 'GET', path: '/v1/idempotency/key_1' }]);
    expect(await issueRefund.lookup!(asking(404, {}).context, args)).toEqual({ found: 'nothing' });
    expect(await issueRefund.lookup!(asking(401, {}).context, args)).toMatchObject({ found: 'unknown' });
  });
});

describe('a ticket', () => {
  const ticket = { customerId: 'cus_001', subject: 'Late', body: 'It came late.' };
  it('is previewed for a customer who is there', async () => {
    expect(await createTicket.preview!(asking(200, customer).context, ticket)).toMatchObject({
      effect: ticket,
      basis: { customerId: 'cus_001' },
      recordsRead: [{ type: 'customer', id: 'cus_001' }],
    });
    const gone = asking(404, { code: 'NOT_FOUND', detail: 'There is no customer.' });
    await expect(createTicket.preview!(gone.context, ticket)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is opened', async () => {
    const record = { ...ticket, id: 'tck_1', status: 'open', version: 1 };
    const { context, asked } = asking(201, {
      record,
      changed: [{ type: 'ticket', id: 'tck_1', version: 1, before: null, after: record }],
    });
    expect(await createTicket.commit!(context, ticket)).toEqual({
      result: { ticketId: 'tck_1', customerId: 'cus_001', status: 'open' },
      recordsRead: [],
      recordsChanged: [{ system: 'helpdesk', type: 'ticket', id: 'tck_1', version: '1', before: null, after: record }],
    });
    expect(asked).toEqual([{ method: 'POST', path: '/v1/tickets', body: ticket }]);
  });
});
