import { z } from 'zod';
import { defineToolContract } from '@countersign/tool-sdk';
import { customerId, flag, personal, readers, recordFields, word } from './fields.js';

export const getCustomerContract = defineToolContract({
  name: 'get_customer',
  version: '1.0.0',
  description:
    'Reads one customer. Name, e-mail and phone come as sealed tokens; a merged record names the one that stands.',
  effect: 'read',
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ customerId }),
  output: z.object({
    ...recordFields,
    name: personal,
    email: personal,
    phone: personal.nullable(),
    restricted: flag,
    mergedInto: word.nullable(),
  }),
  permissions: readers,
});
