import type { Tool } from '@countersign/tool-sdk';
import { changeMemberRole } from './tools/change-member-role.js';
import { computeRefundPreview } from './tools/compute-refund-preview.js';
import { createTicket } from './tools/create-ticket.js';
import { deleteCustomer } from './tools/delete-customer.js';
import { draftReply } from './tools/draft-reply.js';
import { getCustomer } from './tools/get-customer.js';
import { getEntitlements } from './tools/get-entitlements.js';
import { getMember } from './tools/get-member.js';
import { getOrder } from './tools/get-order.js';
import { getSubscription } from './tools/get-subscription.js';
import { getTicket } from './tools/get-ticket.js';
import { issueRefund } from './tools/issue-refund.js';

export { directory } from './tools/directory.js';

/** How the tools act. Only the executor loads this. */
const tools: readonly Tool[] = [
  getOrder,
  getCustomer,
  getSubscription,
  getEntitlements,
  getTicket,
  getMember,
  computeRefundPreview,
  createTicket,
  draftReply,
  issueRefund,
  changeMemberRole,
  deleteCustomer,
];
export default tools;
