import { z } from 'zod';
import type { Json } from '@countersign/contracts';
import { defineTool, type CommitOutcome } from '@countersign/tool-sdk';
import { draftReplyContract } from './draft-reply.contract.js';
import { ask, changed, holds, ifVersion, lookedUp, now, previewed } from './helpdesk.js';

const reply = z.object({ id: z.string(), ticketId: z.string(), status: z.string(), body: z.string() });
const drafted = z.object({ record: reply });

function done(body: Json): CommitOutcome {
  const { id, ticketId, status } = drafted.parse(body).record;
  const recordsChanged = changed(draftReplyContract.records, body);
  return { result: { replyId: id, ticketId, status }, recordsRead: [], recordsChanged };
}

const repliesOf = (ticketId: unknown) => `/v1/tickets/${encodeURIComponent(String(ticketId))}/replies`;

export const draftReply = defineTool({
  contract: draftReplyContract,
  preview: (context, { ticketId, body }) =>
    previewed(context, `${repliesOf(ticketId)}/preview`, { body: String(body) }),
  commit: async (context, { ticketId, body }) => {
    const draft = { body: String(body), ...ifVersion(context.basis['ticketVersion']) };
    return done(await ask(context, { method: 'POST', path: repliesOf(ticketId), body: draft }));
  },
  lookup: (context) => lookedUp(context, done),
  async done(context, { ticketId, body }, { result }) {
    const path = `/v1/replies/${encodeURIComponent(String(result['replyId']))}`;
    const found = await now(context, 'reply', path, reply);
    if (!found) return holds(false, `helpdesk has no draft ${String(result['replyId'])}`);
    const { value, read } = found;
    const asAsked = value.ticketId === ticketId && value.body === body && value.status === 'draft';
    return holds(asAsked, `${read.id} is a ${value.status} on ${value.ticketId}`, read);
  },
});
