import { z } from 'zod';
import type { Json } from '@countersign/contracts';
import { defineTool, type CommitOutcome } from '@countersign/tool-sdk';
import { createTicketContract } from './create-ticket.contract.js';
import { ask, changed, holds, lookedUp, now, previewed } from './helpdesk.js';

const ticket = z.object({
  id: z.string(),
  customerId: z.string(),
  subject: z.string(),
  body: z.string(),
  status: z.string(),
});
const opened = z.object({ record: ticket });

function done(answer: Json): CommitOutcome {
  const { id, customerId, status } = opened.parse(answer).record;
  const recordsChanged = changed(createTicketContract.records, answer);
  return { result: { ticketId: id, customerId, status }, recordsRead: [], recordsChanged };
}

const ticketOf = ({ customerId, subject, body }: Record<string, unknown>) => ({
  customerId: String(customerId),
  subject: String(subject),
  body: String(body),
});

export const createTicket = defineTool({
  contract: createTicketContract,
  preview: (context, args) => previewed(context, '/v1/tickets/preview', ticketOf(args)),
  commit: async (context, args) =>
    done(await ask(context, { method: 'POST', path: '/v1/tickets', body: ticketOf(args) })),
  lookup: (context) => lookedUp(context, done),
  async done(context, { customerId, subject, body }, { result }) {
    const path = `/v1/tickets/${encodeURIComponent(String(result['ticketId']))}`;
    const found = await now(context, 'ticket', path, ticket);
    if (!found) return holds(false, `helpdesk has no ticket ${String(result['ticketId'])}`);
    const { value, read } = found;
    const asAsked = value.customerId === customerId && value.subject === subject && value.body === body;
    return holds(asAsked, `${read.id} is ${value.status}, for ${value.customerId}`, read);
  },
});
