import { z } from 'zod';
import { defineToolContract } from '@countersign/tool-sdk';
import { count, customerId, readers, recordFields, word } from './fields.js';

export const entitlement = z.object({
  ...recordFields,
  feature: word,
  quantity: count,
  status: word,
  validUntil: word.nullable(),
});

export const getEntitlementsContract = defineToolContract({
  name: 'get_entitlements',
  version: '1.0.0',
  description: 'Reads what a customer is entitled to: features, quantities, and until when.',
  effect: 'read',
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ customerId }),
  output: z.object({ customerId, entitlements: z.array(entitlement) }),
  permissions: readers,
});
