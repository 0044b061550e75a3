import { z } from 'zod';
import { defineToolContract } from '@countersign/tool-sdk';
import { customerId, moneyValue, readers, recordFields, word } from './fields.js';

export const subscription = z.object({ ...recordFields, plan: word, status: word, price: moneyValue, periodEnd: word });

export const getSubscriptionContract = defineToolContract({
  name: 'get_subscription',
  version: '1.0.0',
  description: "Reads a customer's subscriptions: plan, status, price and the end of the paid period.",
  effect: 'read',
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ customerId }),
  output: z.object({ customerId, subscriptions: z.array(subscription) }),
  permissions: readers,
});
