import { z } from 'zod';
import { defineToolContract } from '@countersign/tool-sdk';
import { readers, recordFields, ticketId, word, words } from './fields.js';

export const getTicketContract = defineToolContract({
  name: 'get_ticket',
  version: '1.0.0',
  description: "Reads one ticket: who it is from, which order it is about, and the customer's own words.",
  effect: 'read',
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ ticketId }),
  output: z.object({
    ...recordFields,
    customerId: word.nullable(),
    orderId: word.nullable(),
    subject: words,
    body: words,
    status: word,
  }),
  subject: 'customerId',
  permissions: readers,
});
