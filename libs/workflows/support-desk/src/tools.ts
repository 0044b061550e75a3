import type { Tool } from '@countersign/tool-sdk';
import { computeRefundPreview } from './tools/compute-refund-preview.js';
import { createTicket } from './tools/create-ticket.js';
import { getCustomer } from './tools/get-customer.js';
import { getEntitlements } from './tools/get-entitlements.js';
import { getOrder } from './tools/get-order.js';
import { getSubscription } from './tools/get-subscription.js';
import { issueRefund } from './tools/issue-refund.js';

/** How the tools act. Only the executor loads this. */
const tools: readonly Tool[] = [
  getOrder,
  getCustomer,
  getSubscription,
  getEntitlements,
  computeRefundPreview,
  createTicket,
  issueRefund,
];
export default tools;
