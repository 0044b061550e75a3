import { describe, expect, it } from '@jest/globals';
import { parseInput } from '@countersign/tool-sdk';
import tools from './tools.js';
import { supportDesk } from './workflow.js';

describe('the workflow support-desk', () => {
  it('implements each of its tools, and no other', () => {
    expect(tools.map(({ contract }) => contract)).toEqual(supportDesk.tools);
  });

  it('lets support people call each tool, and only them', () => {
    for (const { permissions } of supportDesk.tools) {
      expect(permissions.roles).toEqual(['support-agent', 'support-lead']);
    }
  });

  it('says which amounts need whom, and what a refund touches', () => {
    const contract = supportDesk.tools.find(({ name }) => name === 'issue_refund');
    expect(contract?.permissions.approvals).toEqual({ amount: { when: 'over 50.00', roles: ['support-lead'] } });
    expect(contract?.blast?.({ orderId: 'ord_1001', amount: '18.00', currency: 'EUR' })).toEqual({
      amount: { amount: '18.00', currency: 'EUR' },
      records: 2,
      affected: ['ord_1001'],
    });
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
