import { z } from 'zod';
import { defineToolContract } from '@countersign/tool-sdk';
import { customerId, keyLifetimeMs, recordFields, text, word, workers } from './fields.js';

const ticket = {
  customerId,
  subject: text(300, 'One line'),
  body: text(20_000, 'What the customer needs, in full sentences'),
};

export const createTicketContract = defineToolContract({
  name: 'create_ticket',
  version: '1.0.0',
  description: 'Opens a support ticket for a customer, so that a person follows up.',
  effect: 'write',
  class: 'A',
  keyLifetimeMs,
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject(ticket),
  output: z.object({ ticketId: word, customerId, status: word }),
  subject: 'customerId',
  preview: z.object(ticket),
  records: { ticket: z.object({ ...recordFields, ...ticket, status: word }) },
  permissions: workers,
  blast: ({ customerId }) => ({ records: 1, affected: [String(customerId)] }),
});
