// @ts-check
import { z } from 'zod';
import { classified } from '@countersign/contracts';
import { defineToolContract } from '@countersign/tool-sdk';

/** Every field says how sensitive it is; from `personal` on it travels sealed. */
const text = (/** @type {number} */ max, /** @type {string} */ what) =>
  classified('internal', z.string().trim().min(1).max(max).describe(what));
const word = classified('internal', z.string().max(200));
const version = classified('internal', z.int());
const orderId = classified(
  'internal',
  z
    .string()
    .regex(/^ord_[A-Za-z0-9]{1,40}$/, 'must look like ord_1001')
    .describe('Id of the order, such as ord_1001'),
);
const ticket = {
  orderId,
  subject: text(200, 'One line'),
  body: text(5_000, 'What is to be done, in full sentences'),
};
const urgency = classified('internal', z.enum(['normal', 'urgent']));

/** Roles of the end user, any of which may call the tool. */
const roles = ['support-agent', 'support-lead'];

export const getOrderContract = defineToolContract({
  name: 'get_order',
  version: '1.0.0',
  description: 'Reads one order: what became of it.',
  effect: 'read',
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ orderId }),
  output: z.object({ id: orderId, version, status: word, placedAt: word }),
  permissions: { roles },
});

export const openTicketContract = defineToolContract({
  name: 'open_ticket',
  version: '1.0.0',
  description: 'Opens a ticket about an order, so that a person follows up. Read the order first.',
  effect: 'write',
  class: 'A',
  keyLifetimeMs: 24 * 3_600_000,
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ ...ticket, urgency }),
  output: z.object({ ticketId: word, status: word }),
  preview: z.object({ ...ticket, orderStatus: word }),
  records: { ticket: z.object({ id: word, version, ...ticket, status: word }) },
  permissions: { roles, approvals: { urgency: { when: 'urgent', oneOf: ['urgent'], roles: ['support-lead'] } } },
  blast: (args) => ({ records: 1, affected: [String(args['orderId'])] }),
});
