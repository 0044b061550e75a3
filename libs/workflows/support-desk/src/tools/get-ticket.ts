import { defineTool } from '@countersign/tool-sdk';
import { getTicketContract } from './get-ticket.contract.js';
import { ask, taken } from './helpdesk.js';

export const getTicket = defineTool({
  contract: getTicketContract,
  async read(context, { ticketId }) {
    const record = await ask(context, { method: 'GET', path: `/v1/tickets/${encodeURIComponent(String(ticketId))}` });
    const { value, read } = taken(context, 'ticket', getTicketContract.output, record);
    return { result: value, recordsRead: [read] };
  },
});
