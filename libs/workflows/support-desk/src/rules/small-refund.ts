import { Decimal } from 'decimal.js';
import { allow, defineRule, escalate } from '@countersign/policy-kit';

export const smallRefund = defineRule({
  name: 'small-refund',
  title: 'Refunds up to 50.00 are approved by rule, more by a support lead',
  tools: ['issue_refund'],
  decide: ({ arguments: { amount } }) =>
    new Decimal(String(amount)).lessThanOrEqualTo('50.00')
      ? allow(`${String(amount)} is at most 50.00`)
      : escalate(`${String(amount)} is over 50.00`, ['support-lead']),
});
