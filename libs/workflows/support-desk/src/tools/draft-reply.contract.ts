import { z } from 'zod';
import { defineToolContract } from '@countersign/tool-sdk';
import { keyLifetimeMs, recordFields, text, ticketId, word, words, workers } from './fields.js';

export const draftReplyContract = defineToolContract({
  name: 'draft_reply',
  version: '1.0.0',
  description:
    'Writes a draft of a reply to a ticket, for a person to read and send. It sends nothing. Read the ticket first.',
  effect: 'write',
  class: 'A',
  keyLifetimeMs,
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ ticketId, body: text(20_000, 'What the reply says to the customer') }),
  output: z.object({ replyId: word, ticketId, status: word }),
  preview: z.object({ ticketId, body: words, status: word }),
  records: { reply: z.object({ ...recordFields, ticketId, body: words, status: word }) },
  permissions: workers,
  blast: ({ ticketId }) => ({ records: 1, affected: [String(ticketId)] }),
});
