import { defineWorkflow } from '@countersign/workflow-kit';
import { prompt } from './prompt.js';
import { reads } from './rules/reads.js';
import { refundLimit } from './rules/refund-limit.js';
import { smallRefund } from './rules/small-refund.js';
import { tickets } from './rules/tickets.js';
import { computeRefundPreviewContract } from './tools/compute-refund-preview.contract.js';
import { createTicketContract } from './tools/create-ticket.contract.js';
import { getCustomerContract } from './tools/get-customer.contract.js';
import { getEntitlementsContract } from './tools/get-entitlements.contract.js';
import { getOrderContract } from './tools/get-order.contract.js';
import { getSubscriptionContract } from './tools/get-subscription.contract.js';
import { issueRefundContract } from './tools/issue-refund.contract.js';

const HOUR = 3600 * 1000;

/** A support desk's refunds and tickets, on helpdesk's records. */
export const supportDesk = defineWorkflow({
  name: 'support-desk',
  version: '1.0.0',
  title: 'Support desk',
  prompt,
  model: { temperature: 0, maxTurns: 8, tokenBudget: 60_000, timeoutMs: 30_000 },
  roles: ['support-agent', 'support-lead'],
  tools: [
    getOrderContract,
    getCustomerContract,
    getSubscriptionContract,
    getEntitlementsContract,
    computeRefundPreviewContract,
    createTicketContract,
    issueRefundContract,
  ],
  rules: [reads, tickets, refundLimit, smallRefund],
  limits: { amountPerAction: { EUR: '1000.00', USD: '1000.00', GBP: '1000.00' }, recordsPerAction: 2 },
  approval: { expiresInMs: 4 * HOUR },
});
