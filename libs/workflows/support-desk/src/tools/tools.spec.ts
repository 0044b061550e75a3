import { describe, expect, it } from '@jest/globals';
import type { Json } from '@countersign/contracts';
import type { CommitContext, TargetAnswer, TargetRequest, Tool, ToolRefusal } from '@countersign/tool-sdk';
import { changeMemberRole } from './change-member-role.js';
import { computeRefundPreview } from './compute-refund-preview.js';
import { createTicket } from './create-ticket.js';
import { deleteCustomer } from './delete-customer.js';
import { directory } from './directory.js';
import { draftReply } from './draft-reply.js';
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
    const data = [
      { id: 'sub_1', tenant: 'globex', version: 1, plan: 'p', status: 's', price: order.total, periodEnd: 'x' },
    ];
    for (const tenant of ['acme', 'globex']) {
      const list = asking(200, { tenant, version: 'ab12', data });
      await expect(getSubscription.read!(list.context, { customerId: 'cus_001' })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        auditCode: 'TENANT_MISMATCH',
      });
    }
  });

  it('are told the same of an id of another tenant as of none, and audit the difference', async () => {
    const refusalOf = (code: string) =>
      getOrder.read!(asking(404, { code, detail: 'There is no order ord_1001.' }).context, {
        orderId: 'ord_1001',
      }).catch((error: ToolRefusal) => error) as Promise<ToolRefusal>;
    const [theirs, none] = [await refusalOf('OTHER_TENANT'), await refusalOf('NOT_FOUND')];
    expect([theirs.code, theirs.detail, theirs.nextStep, theirs.message]).toEqual([
      none.code,
      none.detail,
      none.nextStep,
      none.message,
    ]);
    expect([theirs.auditCode, none.auditCode]).toEqual(['TENANT_MISMATCH', undefined]);
  });

  it('name a list as one record of its owner', async () => {
    const { context } = asking(200, { tenant: 'acme', version: 'ab12', data: [] });
    expect((await getSubscription.read!(context, { customerId: 'cus_001' })).recordsRead).toEqual([
      { system: 'helpdesk', type: 'subscriptions', id: 'cus_001', version: 'ab12', at: NOW.toISOString() },
    ]);
  });

  it('ask for leave to touch restricted records only where the permission map gives it', async () => {
    const without = asking(200, order);
    await getOrder.read!(without.context, { orderId: 'ord_1001' });
    expect(without.asked[0]?.headers).toBeUndefined();
    const given = asking(200, { ...customer, restricted: true }, { mayTouchRestricted: true });
    expect(await getCustomer.read!(given.context, { customerId: 'cus_001' })).toMatchObject({ restricted: true });
    expect(given.asked[0]?.headers).toEqual({ 'countersign-restricted': 'allowed' });
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
    [422, { code: 'CUSTOMER_MERGED', detail: 'Name cus_001.' }, 'INVALID_ARGUMENTS'],
    [422, { code: 'OWN_ROLES', detail: 'Nobody does.' }, 'PERMISSION_DENIED'],
    [403, { code: 'RECORD_RESTRICTED', detail: 'This record is restricted.' }, 'RECORD_RESTRICTED'],
    [400, { code: 'IDEMPOTENCY_KEY_REQUIRED', detail: 'Send one.' }, 'IDEMPOTENCY_KEY_REQUIRED'],
    [401, { code: 'UNAUTHENTICATED', detail: 'Send a token.' }, 'UPSTREAM_FAILED'],
    [400, 'not even JSON', 'UPSTREAM_FAILED'],
  ])('turn %d %j into %s', async (status, body, code) => {
    const { context } = asking(status, body);
    await expect(getOrder.read!(context, { orderId: 'ord_1001' })).rejects.toMatchObject({ name: 'ToolRefusal', code });
  });

  it.each([[{ id: 1 }], ['garbage'], [null]])(
    'take an answer of another form for none, so that it is asked again: %j',
    async (body) => {
      const { context } = asking(200, body);
      const silence = { name: 'NoAnswer', status: 200 };
      await expect(getOrder.read!(context, { orderId: 'ord_1001' })).rejects.toMatchObject(silence);
      const refund = { orderId: 'ord_1001', amount: '1.00', currency: 'EUR', reason: 'late' };
      await expect(issueRefund.preview!(context, refund)).rejects.toMatchObject(silence);
    },
  );
});

describe('a refund', () => {
  const effect = { ...args, paidTo: 'cus_001', refundedBefore: '0.00', refundedAfter: '18.00', remaining: '36.00' };
  const preview = { effect, basis: { orderId: 'ord_1001', orderVersion: 3 } };
  const previewAnswer = { ...preview, read: [{ type: 'order', id: 'ord_1001', version: 3 }] };
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
    const { context, asked } = asking(200, previewAnswer);
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
      paidTo: 'cus_001',
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
    const answer = { effect: ticket, basis: {}, read: [{ type: 'customer', id: 'cus_001', version: 1 }] };
    expect(await createTicket.preview!(asking(200, answer).context, ticket)).toMatchObject({
      effect: ticket,
      basis: {},
      recordsRead: [{ type: 'customer', id: 'cus_001', version: '1' }],
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

describe('done', () => {
  const money = (amount: string, currency = 'EUR') => ({ amount, currency });
  const refund = {
    id: 'ref_1',
    tenant: 'acme',
    version: 1,
    orderId: 'ord_1001',
    amount: money('18.00'),
    order: { version: 4, refunded: money('18.00'), refunds: money('18.00') },
  };
  const ticket = {
    id: 'tck_1',
    tenant: 'acme',
    version: 1,
    customerId: 'cus_001',
    subject: 's',
    body: 'b',
    status: 'open',
  };
  const reply = { id: 'rpl_1', tenant: 'acme', version: 1, ticketId: 'tck_1', body: 'b', status: 'draft' };
  const member = { id: 'bob', sub: 'bob', tenant: 'acme', version: 2, roles: ['support-agent'] };
  const cases: [string, Tool, object, object, boolean][] = [
    ['a refund', issueRefund, args, refund, true],
    ['a refund said in other digits', issueRefund, { ...args, amount: '18' }, refund, true],
    ['another amount', issueRefund, args, { ...refund, amount: money('19.00') }, false],
    ['another currency', issueRefund, args, { ...refund, amount: money('18.00', 'USD') }, false],
    ['another order', issueRefund, args, { ...refund, orderId: 'ord_1002' }, false],
    [
      'an order that did not rise',
      issueRefund,
      args,
      { ...refund, order: { ...refund.order, refunded: money('0.00') } },
      false,
    ],
    ['a ticket', createTicket, ticket, ticket, true],
    ["a ticket with another's words", createTicket, ticket, { ...ticket, body: 'x' }, false],
    ['a ticket for another', createTicket, ticket, { ...ticket, customerId: 'cus_002' }, false],
    ['a draft', draftReply, { ticketId: 'tck_1', body: 'b' }, reply, true],
    ['a draft that was sent', draftReply, { ticketId: 'tck_1', body: 'b' }, { ...reply, status: 'sent' }, false],
    ['a role', changeMemberRole, { memberId: 'bob', role: 'support-agent' }, member, true],
    [
      'one role more',
      changeMemberRole,
      { memberId: 'bob', role: 'support-agent' },
      { ...member, roles: ['support-agent', 'admin'] },
      false,
    ],
    ['a deletion', deleteCustomer, { customerId: 'cus_001' }, { ...customer, version: 2 }, false],
  ];
  const outcome = {
    result: { refundId: 'ref_1', ticketId: 'tck_1', replyId: 'rpl_1' },
    recordsRead: [],
    recordsChanged: [],
  };

  it.each(cases)('looks whether helpdesk shows %s', async (_, tool, given, shown, holds) => {
    expect(await tool.done!(asking(200, shown).context, { ...given }, outcome)).toMatchObject({ holds });
  });

  it.each([...new Set(cases.map(([, tool]) => tool))])(
    'takes what is not there as it is: $contract.name',
    async (tool) => {
      const gone = asking(404, { code: 'NOT_FOUND', detail: 'x' });
      const { holds } = await tool.done!(gone.context, { ...args, customerId: 'cus_001' }, outcome);
      expect(holds).toBe(tool === deleteCustomer);
    },
  );

  it('says which records it looked at, of a refund the order too', async () => {
    const { recordsRead } = await issueRefund.done!(asking(200, refund).context, args, outcome);
    expect(recordsRead.map(({ type, id, version }) => [type, id, version])).toEqual([
      ['refund', 'ref_1', '1'],
      ['order', 'ord_1001', '4'],
    ]);
  });
});

describe('the directory', () => {
  const member = { id: 'bob', sub: 'bob', tenant: 'acme', version: 2, roles: ['support-lead'], active: true };
  it('says who somebody is now, and of nobody nothing', async () => {
    expect(await directory(asking(200, member).context, 'bob')).toEqual({
      roles: ['support-lead'],
      active: true,
      system: 'helpdesk',
      read: { system: 'helpdesk', type: 'member', id: 'bob', version: '2', at: NOW.toISOString() },
    });
    expect(await directory(asking(404, { code: 'NOT_FOUND', detail: 'x' }).context, 'bob')).toBeUndefined();
    await expect(directory(asking(200, { ...member, tenant: 'globex' }).context, 'bob')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});
