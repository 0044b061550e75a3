import { Decimal } from 'decimal.js';
import { z } from 'zod';
import { defineToolContract } from '@countersign/tool-sdk';
import {
  amount,
  currency,
  customerId,
  keyLifetimeMs,
  moneyValue,
  orderId,
  recordFields,
  refundEffect,
  text,
  word,
  workers,
} from './fields.js';

const reason = text(2_000, 'Why the customer is refunded, in one sentence');

export const issueRefundContract = defineToolContract({
  name: 'issue_refund',
  version: '1.0.0',
  description:
    'Refunds an amount of an order to the customer. Up to 50.00 is approved by rule; more needs a support lead. Read the order first.',
  effect: 'write',
  class: 'A',
  keyLifetimeMs,
  reversible: false,
  target: 'helpdesk',
  input: z.strictObject({ orderId, amount, currency, reason }),
  output: z.object({ refundId: word, orderId, amount, currency }),
  preview: z.object({ ...refundEffect, reason }),
  records: {
    refund: z.object({ ...recordFields, orderId, paidTo: word, amount: moneyValue, reason }),
    order: z.object({
      ...recordFields,
      customerId,
      status: word,
      total: moneyValue,
      refunded: moneyValue,
      remaining: moneyValue,
    }),
  },
  permissions: {
    ...workers,
    approvals: { amount: { when: 'over 50.00', over: '50.00', roles: ['support-lead'] } },
  },
  narrows: (before, after) =>
    after['orderId'] === before['orderId'] &&
    after['currency'] === before['currency'] &&
    new Decimal(String(after['amount'])).greaterThan(0) &&
    new Decimal(String(after['amount'])).lessThan(String(before['amount'])),
  blast: ({ orderId, amount, currency }) => ({
    amount: { amount: String(amount), currency: String(currency) },
    records: 2,
    affected: [String(orderId)],
  }),
});
