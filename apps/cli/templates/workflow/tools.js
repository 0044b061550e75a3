// @ts-check
import { z } from 'zod';
import { defineTool, ToolRefusal } from '@countersign/tool-sdk';
import { getOrderContract, openTicketContract } from './contracts.js';

/**
 * @typedef {import('@countersign/tool-sdk').ToolContext} ToolContext
 * @typedef {import('@countersign/tool-sdk').TargetRequest} TargetRequest
 * @typedef {import('@countersign/contracts').Json} Json
 */

const SYSTEM = 'helpdesk';
const KNOWN = /** @type {const} */ ([
  'NOT_FOUND',
  'RECORD_RESTRICTED',
  'INVALID_ARGUMENTS',
  'IDEMPOTENCY_CONFLICT',
  'IDEMPOTENCY_KEY_REQUIRED',
]);
const orderBody = getOrderContract.output;
const ticketBody = z.object({
  id: z.string(),
  version: z.int(),
  orderId: z.string(),
  subject: z.string(),
  body: z.string(),
  status: z.string(),
});
const opened = z.object({ record: ticketBody });
const remembered = z.object({ answer: opened });

/**
 * A definite no of the target, in words a model can act on. Another tenant's record is simply not there; audit alone is told more.
 *
 * @param {ToolContext} context
 * @param {TargetRequest} request
 */
async function ask(context, request) {
  const headers = { ...(context.mayTouchRestricted ? { 'Countersign-Restricted': 'allowed' } : {}) };
  const { status, body } = await context.target.request({ ...request, headers });
  if (status < 300) return body;
  const said = z.object({ code: z.string() }).safeParse(body).data?.code;
  if (said === 'OTHER_TENANT')
    throw new ToolRefusal('NOT_FOUND', 'helpdesk has no such record', undefined, 'TENANT_MISMATCH');
  const code = KNOWN.find((one) => one === said) ?? (status === 404 ? 'NOT_FOUND' : 'UPSTREAM_FAILED');
  throw new ToolRefusal(code, code === 'NOT_FOUND' ? 'helpdesk has no such record' : `helpdesk said no (${status})`);
}

/**
 * @param {ToolContext} context
 * @param {string} type
 * @param {{ id: string, version: number }} record
 */
const readOf = ({ now }, type, { id, version }) => ({
  system: SYSTEM,
  type,
  id,
  version: String(version),
  at: now().toISOString(),
});

/** @param {ToolContext} context @param {string} path @returns {Promise<Json>} */
const get = (context, path) => ask(context, { method: 'GET', path });

/** @param {ToolContext} context @param {unknown} id */
const fetchOrder = async (context, id) =>
  orderBody.parse(await get(context, `/v1/orders/${encodeURIComponent(String(id))}`));

/** @param {z.infer<typeof opened>} answer */
function outcomeOf({ record }) {
  const changed = { system: SYSTEM, type: 'ticket', id: record.id, version: String(record.version) };
  return {
    result: { ticketId: record.id, status: record.status },
    recordsRead: [],
    recordsChanged: [{ ...changed, before: null, after: record }],
  };
}

/** @param {Record<string, unknown>} args */
const ticketOf = ({ orderId, subject, body, urgency }) => ({
  orderId: String(orderId),
  subject: urgency === 'urgent' ? `[urgent] ${String(subject)}` : String(subject),
  body: String(body),
});

const getOrder = defineTool({
  contract: getOrderContract,
  async read(context, { orderId }) {
    const order = await fetchOrder(context, orderId);
    return { result: order, recordsRead: [readOf(context, 'order', order)] };
  },
});

const openTicket = defineTool({
  contract: openTicketContract,
  async preview(context, args) {
    const order = await fetchOrder(context, args['orderId']);
    const effect = { ...ticketOf(args), orderStatus: order.status };
    return { effect, basis: {}, recordsRead: [readOf(context, 'order', order)] };
  },
  async commit(context, args) {
    return outcomeOf(opened.parse(await ask(context, { method: 'POST', path: '/v1/tickets', body: ticketOf(args) })));
  },
  async lookup({ target, idempotencyKey }) {
    const { status, body } = await target.request({ method: 'GET', path: `/v1/idempotency/${idempotencyKey}` });
    if (status === 404) return { found: 'nothing' };
    const known = remembered.safeParse(body);
    if (!known.success) return { found: 'unknown', detail: `helpdesk answered ${status}` };
    return { found: 'committed', outcome: outcomeOf(known.data.answer) };
  },
  async done(context, args, { result }) {
    const path = `/v1/tickets/${encodeURIComponent(String(result['ticketId']))}`;
    const ticket = ticketBody.parse(await get(context, path));
    const wanted = ticketOf(args);
    const holds = ticket.orderId === wanted.orderId && ticket.subject === wanted.subject && ticket.body === wanted.body;
    return {
      holds,
      detail: `ticket ${ticket.id} is ${ticket.status}`,
      recordsRead: [readOf(context, 'ticket', ticket)],
    };
  },
});

const memberBody = z.object({ id: z.string(), version: z.int(), roles: z.array(z.string()), active: z.boolean() });

/**
 * Who people are now. Asked when an approval took longer than a minute: without it such an approval counts no more.
 *
 * @type {import('@countersign/tool-sdk').Directory}
 */
export async function directory(context, sub) {
  try {
    const member = memberBody.parse(await get(context, `/v1/members/${encodeURIComponent(sub)}`));
    const { roles, active } = member;
    return { roles, active, system: SYSTEM, read: readOf(context, 'member', member) };
  } catch (error) {
    if (error instanceof ToolRefusal && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

export default [getOrder, openTicket];
