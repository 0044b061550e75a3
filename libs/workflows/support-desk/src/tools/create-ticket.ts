import { z } from 'zod';
import type { Json } from '@countersign/contracts';
import { defineTool, type CommitOutcome } from '@countersign/tool-sdk';
import { createTicketContract } from './create-ticket.contract.js';
import { recordFields } from './fields.js';
import { ask, changed, lookedUp, taken } from './helpdesk.js';

const opened = z.object({ record: z.object({ id: z.string(), customerId: z.string(), status: z.string() }) });

function done(body: Json): CommitOutcome {
  const { id, customerId, status } = opened.parse(body).record;
  const recordsChanged = changed(createTicketContract.records, body);
  return { result: { ticketId: id, customerId, status }, recordsRead: [], recordsChanged };
}

export const createTicket = defineTool({
  contract: createTicketContract,
  async preview(context, { customerId, subject, body }) {
    const path = `/v1/customers/${encodeURIComponent(String(customerId))}`;
    const { read } = taken(context, 'customer', z.object(recordFields), await ask(context, { method: 'GET', path }));
    const effect = { customerId: String(customerId), subject: String(subject), body: String(body) };
    return { effect, basis: { customerId: read.id }, recordsRead: [read] };
  },
  commit: async (context, { customerId, subject, body }) => {
    const ticket = { customerId: String(customerId), subject: String(subject), body: String(body) };
    return done(await ask(context, { method: 'POST', path: '/v1/tickets', body: ticket }));
  },
  lookup: (context) => lookedUp(context, done),
});
