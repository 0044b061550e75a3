import { z } from 'zod';
import { defineToolContract } from '@countersign/tool-sdk';
import { count, customerId, flag, keyLifetimeMs, recordFields, text, word } from './fields.js';

export const deleteCustomerContract = defineToolContract({
  name: 'delete_customer',
  version: '1.0.0',
  description:
    'Deletes a customer for good; orders, refunds and tickets stay under the bare id. Refused while an order is under way or a subscription runs. Read the customer first.',
  effect: 'write',
  class: 'A',
  keyLifetimeMs,
  reversible: false,
  target: 'helpdesk',
  input: z.strictObject({ customerId, reason: text(2_000, 'Why, in one sentence') }),
  output: z.object({ customerId, deletedAt: word }),
  preview: z.object({ customerId, deleted: z.array(word), ordersKept: count, ticketsKept: count }),
  records: { customer: z.object({ ...recordFields, restricted: flag, mergedInto: word.nullable() }) },
  permissions: {
    roles: ['admin'],
    approvals: { customerId: { when: 'always', roles: ['admin', 'support-lead'], always: true } },
    restricted: ['admin'],
  },
  blast: ({ customerId }) => ({ records: 1, affected: [String(customerId)] }),
});
