import { Decimal } from 'decimal.js';
import { allow, defineRule, pass } from '@countersign/policy-kit';
import { issueRefundContract } from '../tools/issue-refund.contract.js';

/** Said once, in the permission map: it asks a person about what is over, and this rule allows the rest. */
const { over } = issueRefundContract.permissions.approvals.amount;

export const smallRefund = defineRule({
  name: 'small-refund',
  title: 'Refunds that nobody has to approve may be made',
  tools: ['issue_refund'],
  decide: ({ arguments: { amount } }) =>
    new Decimal(String(amount)).lessThanOrEqualTo(over)
      ? allow(`${String(amount)} is at most ${over}`)
      : pass(`${String(amount)} is over ${over}`),
});
