import { defineWorkflow } from '@countersign/workflow-kit';
import { access } from './access.js';
import { prompt } from './prompt.js';
import { ownRoles } from './rules/own-roles.js';
import { reads } from './rules/reads.js';
import { refundLimit } from './rules/refund-limit.js';
import { smallRefund } from './rules/small-refund.js';
import { strangersWords } from './rules/strangers-words.js';
import { tickets } from './rules/tickets.js';
import { sources } from './sources.js';
import { changeMemberRoleContract } from './tools/change-member-role.contract.js';
import { computeRefundPreviewContract } from './tools/compute-refund-preview.contract.js';
import { createTicketContract } from './tools/create-ticket.contract.js';
import { deleteCustomerContract } from './tools/delete-customer.contract.js';
import { draftReplyContract } from './tools/draft-reply.contract.js';
import { getCustomerContract } from './tools/get-customer.contract.js';
import { getEntitlementsContract } from './tools/get-entitlements.contract.js';
import { getMemberContract } from './tools/get-member.contract.js';
import { getOrderContract } from './tools/get-order.contract.js';
import { getSubscriptionContract } from './tools/get-subscription.contract.js';
import { getTicketContract } from './tools/get-ticket.contract.js';
import { issueRefundContract } from './tools/issue-refund.contract.js';

const HOUR = 3600 * 1000;
const each = (amount: string) => ({ EUR: amount, USD: amount, GBP: amount });

/** A support desk's refunds, tickets, replies, members and customers, on helpdesk's records. */
export const supportDesk = defineWorkflow({
  name: 'support-desk',
  version: '1.1.0',
  title: 'Support desk',
  prompt,
  model: { temperature: 0, maxTurns: 8, tokenBudget: 60_000, timeoutMs: 30_000 },
  roles: ['support-agent', 'support-lead', 'admin'],
  tools: [
    getOrderContract,
    getCustomerContract,
    getSubscriptionContract,
    getEntitlementsContract,
    getTicketContract,
    getMemberContract,
    computeRefundPreviewContract,
    createTicketContract,
    draftReplyContract,
    issueRefundContract,
    changeMemberRoleContract,
    deleteCustomerContract,
  ],
  // No rule allows a change of roles or a deletion: their permission maps ask a person for each, and without one it is denied.
  rules: [reads, tickets, refundLimit, smallRefund, strangersWords, ownRoles],
  sources,
  done: {
    create_ticket: 'helpdesk has the ticket, for this customer and with these words',
    draft_reply: 'helpdesk has the draft, on this ticket and with these words, and it is not sent',
    issue_refund:
      "helpdesk has the refund, of this amount on this order, and the order's refunded sum is that of its refunds",
    change_member_role: 'helpdesk shows this one role for the member',
    delete_customer: 'helpdesk has no such customer any more',
  },
  limits: {
    amountPerAction: each('1000.00'),
    recordsPerAction: 2,
    amountPerSession: each('2000.00'),
    recordsPerSession: 20_000,
  },
  budgets: [
    { name: 'of-a-user', per: 'user', recordsPerDay: 1_000_000, amountPerDay: each('100000.00') },
    { name: 'replies-of-a-user', per: 'user', tools: ['draft_reply'], actionsPerDay: 25 },
    { name: 'of-a-tenant', per: 'tenant', recordsPerDay: 10_000_000, amountPerDay: each('1000000.00') },
    { name: 'of-a-tool', per: 'tool', actionsPerDay: 1_000_000 },
  ],
  maxReplans: 2,
  access,
  approval: { expiresInMs: 4 * HOUR },
});
