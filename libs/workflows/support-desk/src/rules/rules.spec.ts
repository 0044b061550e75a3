import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Decimal } from 'decimal.js';
import { evaluate, type RuleFacts } from '@countersign/policy-kit';
import { supportDesk } from '../workflow.js';

const contractOf = (tool: string) => supportDesk.tools.find(({ name }) => name === tool);
const facts = (tool: string, args: RuleFacts['arguments'] = {}, sub = 'alice'): RuleFacts => ({
  workflow: 'support-desk',
  tool: { name: tool, effect: contractOf(tool)?.effect ?? 'write' },
  ...(contractOf(tool) ? { permissions: contractOf(tool)!.permissions } : {}),
  actor: { sub, tenant: 'acme', roles: ['support-agent'] },
  arguments: args,
  dryRun: false,
  preview: undefined,
  provenance: {},
  history: {},
  now: new Date('2026-03-01T10:00:00Z'),
});
const refund = (amount: unknown) =>
  evaluate(
    supportDesk.rules,
    facts('issue_refund', { orderId: 'ord_1001', amount: amount as string, currency: 'EUR', reason: 'Late.' }),
  );

describe('the rules of the support desk', () => {
  it.each([
    'get_order',
    'get_customer',
    'get_subscription',
    'get_entitlements',
    'get_ticket',
    'get_member',
    'compute_refund_preview',
    'create_ticket',
    'draft_reply',
  ])('approve %s', (tool) => expect(evaluate(supportDesk.rules, facts(tool))).toMatchObject({ tag: 'approve' }));

  it.each(['0.01', '18.00', '49.99', '50', '50.00'])('approve a refund of %s', (amount) => {
    expect(refund(amount)).toMatchObject({ tag: 'approve' });
  });

  it.each(['50.01', '900.00', '1000.00'])('ask a support lead about a refund of %s', (amount) => {
    expect(refund(amount)).toMatchObject({ tag: 'escalate', roles: ['support-lead'], approvals: 1 });
  });

  it.each(['orderId', 'amount'])("ask a support lead where the %s stands in a stranger's text alone", (name) => {
    const given = facts('issue_refund', { orderId: 'ord_1001', amount: '18.00', currency: 'EUR', reason: 'Late.' });
    const by = (trust: 'untrusted' | 'system') => ({
      ...given,
      provenance: { [name]: { origin: 'record' as const, trust } },
    });
    expect(evaluate(supportDesk.rules, by('untrusted'))).toMatchObject({ tag: 'escalate', roles: ['support-lead'] });
    expect(evaluate(supportDesk.rules, by('system'))).toMatchObject({ tag: 'approve' });
  });

  it('approve nothing over 50.00 where the permission map is not asked', () => {
    const { permissions: _, ...blind } = facts('issue_refund', { amount: '50.01', currency: 'EUR' });
    expect(evaluate(supportDesk.rules, blind)).toMatchObject({ tag: 'deny' });
  });

  it('ask an admin about each change of a role, and deny it to the member themselves', () => {
    const change = (memberId: string) => facts('change_member_role', { memberId, role: 'admin', reason: 'x' }, 'bob');
    expect(evaluate(supportDesk.rules, change('alice'))).toMatchObject({ tag: 'escalate', roles: ['admin'] });
    expect(evaluate(supportDesk.rules, change('bob'))).toMatchObject({ tag: 'deny', code: 'PERMISSION_DENIED' });
  });

  it('ask a second person about each deletion', () => {
    const deletion = facts('delete_customer', { customerId: 'cus_001', reason: 'x' }, 'adam');
    expect(evaluate(supportDesk.rules, deletion)).toMatchObject({ tag: 'escalate', roles: ['admin', 'support-lead'] });
  });

  it.each(['1000.01', '9000', '999999999.99'])('deny a refund of %s', (amount) => {
    expect(refund(amount)).toMatchObject({ tag: 'deny', code: 'LIMIT_EXCEEDED' });
  });

  it('compare amounts as decimals, never as floats', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 11n }), (cents) => {
        const amount = new Decimal(cents.toString()).dividedBy(100).toFixed(2);
        const expected = cents <= 5_000n ? 'approve' : cents <= 100_000n ? 'escalate' : 'deny';
        expect(refund(amount).tag).toBe(expected);
      }),
    );
  });

  it.each(['', 'NaN', 'fifty', null, {}, 'Infinity'])('approve nothing for an amount like %j', (amount) => {
    expect(refund(amount).tag).toBe('deny');
  });

  it('approve no tool they do not name', () => {
    expect(evaluate(supportDesk.rules, facts('wire_money'))).toMatchObject({ tag: 'deny', code: 'PERMISSION_DENIED' });
  });
});
