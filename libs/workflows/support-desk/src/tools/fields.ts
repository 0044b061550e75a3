import { z } from 'zod';
import { classified } from '@countersign/contracts';

/** The leaves of this workflow's tools, each with its data class. */
const id = (prefix: string, what: string, example: string) =>
  classified(
    'internal',
    z
      .string()
      .regex(new RegExp(`^${prefix}_[A-Za-z0-9]{1,40}$`), `must look like ${example}`)
      .describe(`${what}, such as ${example}`),
  );
export const orderId = id('ord', 'Id of the order', 'ord_1001');
export const customerId = id('cus', 'Id of the customer', 'cus_001');
export const ticketId = id('tck', 'Id of the ticket', 'tck_1');
export const memberId = classified(
  'internal',
  z
    .string()
    .regex(/^[a-z][a-z0-9.-]{0,63}$/, 'must look like alice')
    .describe('Name under which the member signs in, such as alice'),
);
export const decimal = classified('internal', z.string().regex(/^\d{1,10}(\.\d{1,2})?$/));
export const currency = classified(
  'internal',
  z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be three capital letters such as EUR')
    .describe('ISO 4217 code, such as EUR'),
);
export const amount = classified(
  'internal',
  z
    .string()
    .regex(/^(?!0+(\.0+)?$)\d{1,9}(\.\d{1,2})?$/, 'must be a decimal over 0 such as "18.00"')
    .describe('Amount as a decimal string, such as "18.00"'),
);
export const text = (max: number, what: string) =>
  classified('internal', z.string().trim().min(1).max(max).describe(what));
export const word = classified('internal', z.string().max(200));
export const count = classified('internal', z.int());
export const flag = classified('internal', z.boolean());
export const moneyValue = z.object({ amount: decimal, currency });
export const words = classified('internal', z.string().max(20_000));
export const personal = classified('personal', z.string().max(500));

/** Fields every record of helpdesk has. */
export const recordFields = { id: word, version: count };

/** helpdesk remembers a key for a day. */
export const keyLifetimeMs = 24 * 3_600_000;

export const SUPPORT = ['support-agent', 'support-lead'] as const;
/** Who may read the desk's records; those of restricted customers only its leads and admins. */
export const readers = { roles: [...SUPPORT, 'admin'], restricted: ['support-lead', 'admin'] };
/** Who may do the desk's work. */
export const workers = { roles: SUPPORT, restricted: ['support-lead'] };

/** What a refund would do to its order. */
export const refundEffect = {
  orderId,
  paidTo: word,
  amount: decimal,
  currency,
  refundedBefore: decimal,
  refundedAfter: decimal,
  remaining: decimal,
};
