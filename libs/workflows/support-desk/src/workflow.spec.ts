import { describe, expect, it } from '@jest/globals';
import { parseInput } from '@countersign/tool-sdk';
import tools from './tools.js';
import { supportDesk } from './workflow.js';

describe('the workflow support-desk', () => {
  it('implements each of its tools, and no other', () => {
    expect(tools.map(({ contract }) => contract)).toEqual(supportDesk.tools);
  });

  it('says who may call which tool, and who may touch restricted records with it', () => {
    const readers = [
      ['support-agent', 'support-lead', 'admin'],
      ['support-lead', 'admin'],
    ];
    const workers = [['support-agent', 'support-lead'], ['support-lead']];
    const map = supportDesk.tools.map(({ name, permissions }) => [name, [permissions.roles, permissions.restricted]]);
    expect(Object.fromEntries(map)).toEqual({
      get_order: readers,
      get_customer: readers,
      get_subscription: readers,
      get_entitlements: readers,
      get_ticket: readers,
      get_member: [['support-lead', 'admin'], undefined],
      compute_refund_preview: workers,
      create_ticket: workers,
      draft_reply: workers,
      issue_refund: workers,
      change_member_role: [['support-lead', 'admin'], undefined],
      delete_customer: [['admin'], ['admin']],
    });
  });

  it('trusts nothing that a customer wrote', () => {
    const trusts = supportDesk.sources?.flatMap(({ name, fields }) =>
      Object.entries(fields).map(([field, trust]) => [`${name}.${field}`, trust]),
    );
    const strangers = trusts?.filter(([, trust]) => trust === 'untrusted').map(([field]) => field);
    expect(strangers).toEqual(['customer.name', 'customer.email', 'customer.phone', 'ticket.subject', 'ticket.body']);
  });

  it('says which amounts need whom, and what a refund touches', () => {
    const contract = supportDesk.tools.find(({ name }) => name === 'issue_refund');
    expect(contract?.permissions.approvals).toEqual({
      amount: { when: 'over 50.00', over: '50.00', roles: ['support-lead'] },
    });
    expect(contract?.blast?.({ orderId: 'ord_1001', amount: '18.00', currency: 'EUR' })).toEqual({
      amount: { amount: '18.00', currency: 'EUR' },
      records: 2,
      affected: ['ord_1001'],
    });
  });

  it.each<[string, object, boolean]>([
    ['a cent less', { amount: '899.99' }, true],
    ['less, in other words', { amount: '500.00', reason: 'Half of it came back.' }, true],
    ['as much, written otherwise', { amount: '900' }, false],
    ['more', { amount: '900.01' }, false],
    ['nothing', { amount: '0.00' }, false],
    ['less than nothing', { amount: '-1.00' }, false],
    ['less of another currency', { amount: '500.00', currency: 'GBP' }, false],
    ['less on another order', { amount: '500.00', orderId: 'ord_1002' }, false],
    ['the same in other words', { reason: 'Half of it came back.' }, false],
  ])('says that %s narrows a refund of 900.00: %j', (_, change, narrows) => {
    const { narrows: does } = supportDesk.tools.find(({ name }) => name === 'issue_refund')!;
    const before = { orderId: 'ord_1001', amount: '900.00', currency: 'EUR', reason: 'Late.' };
    expect(does!(before, { ...before, ...change })).toBe(narrows);
  });

  it('has budgets per user, tenant and tool', () => {
    expect(supportDesk.budgets?.map(({ per }) => per)).toEqual(['user', 'user', 'tenant', 'tool']);
    expect(supportDesk.budgets).toContainEqual(
      expect.objectContaining({ per: 'user', tools: ['draft_reply'], actionsPerDay: 25 }),
    );
  });

  const good = { orderId: 'ord_1001', amount: '18.00', currency: 'EUR', reason: 'Late.' };
  it.each<[string, object, boolean]>([
    ['as it should be', {}, true],
    ['without cents', { amount: '18' }, true],
    ['of nothing', { amount: '0.00' }, false],
    ['below zero', { amount: '-18.00' }, false],
    ['with a comma', { amount: '18,00' }, false],
    ['of parts of a cent', { amount: '18.001' }, false],
    ['in scientific notation', { amount: '1e3' }, false],
    ['as a number', { amount: 18 }, false],
    ['in a currency by its sign', { currency: '€' }, false],
    ['of no order', { orderId: 'the last one' }, false],
    ['of an order whose id is a path', { orderId: 'ord_1/../../x' }, false],
    ['without a reason', { reason: ' ' }, false],
    ['with more than that', { approvedBy: 'bob' }, false],
  ])('takes a refund %s: %j', (_, change, ok) => {
    const contract = supportDesk.tools.find(({ name }) => name === 'issue_refund')!;
    expect(parseInput(contract, { ...good, ...change }).ok).toBe(ok);
  });
});
