import { z } from 'zod';
import { classified } from '../data-class.js';
import { count, id, instant, name, payloadObject, words } from './fields.js';

const bound = { approvalId: id, intentId: id, actionId: id, revision: count, actionHash: id, tenant: id };

/** The approver's token as a JWE that only policy opens. Policy checks it itself; what stands beside it is a claim. */
const decidedByPerson = {
  ...bound,
  approver: z.strictObject({ sub: id, roles: z.array(name).max(50) }),
  reason: words,
  decidedAt: instant,
  sealedToken: classified('internal', z.string().max(16_384)),
};

export const approvalOpened = z.strictObject({ ...bound, tool: name, openedAt: instant, expiresAt: instant });
export const approvalGranted = z.strictObject(decidedByPerson);
export const approvalRejected = z.strictObject(decidedByPerson);
export const approvalEdited = z.strictObject({ ...decidedByPerson, arguments: payloadObject });
export const approvalExpired = z.strictObject({ ...bound, expiredAt: instant });
export const approvalSettled = z.strictObject({
  intentId: id,
  actionId: id,
  revision: count,
  tenant: id,
  outcome: classified('internal', z.enum(['committed', 'failed'])),
  approver: z.strictObject({ sub: id, roles: z.array(name).max(50) }),
  reason: words,
  decidedAt: instant,
  sealedToken: classified('internal', z.string().max(16_384)),
});
