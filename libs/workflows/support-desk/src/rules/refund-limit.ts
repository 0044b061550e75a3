import { Decimal } from 'decimal.js';
import { defineRule, deny, pass } from '@countersign/policy-kit';

export const refundLimit = defineRule({
  name: 'refund-limit',
  title: 'No refund over 1000.00',
  tools: ['issue_refund'],
  decide: ({ arguments: { amount } }) =>
    new Decimal(String(amount)).lessThanOrEqualTo('1000.00')
      ? pass('at most 1000.00')
      : deny('LIMIT_EXCEEDED', `${String(amount)} is not at most 1000.00`),
});
