import { z } from 'zod';
import { defineToolContract } from '@countersign/tool-sdk';
import { customerId, moneyValue, orderId, readers, recordFields, word } from './fields.js';

export const getOrderContract = defineToolContract({
  name: 'get_order',
  version: '1.0.0',
  description: 'Reads one order: its status, total, what was refunded and what remains, and its shipments.',
  effect: 'read',
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ orderId }),
  output: z.object({
    ...recordFields,
    customerId,
    status: word,
    total: moneyValue,
    refunded: moneyValue,
    remaining: moneyValue,
    shipments: z.array(z.object({ id: word, kind: word, status: word, shippedAt: word })),
    placedAt: word,
  }),
  permissions: readers,
});
