import { z } from 'zod';
import { classified } from '../data-class.js';
import { count, id, instant, name, openedValue, payloadObject, someone, words } from './fields.js';

const bound = { approvalId: id, intentId: id, actionId: id, revision: count, actionHash: id, tenant: id };

/**
 * The approver's token travels beside the event, in the header `authorization`, as a JWE that only policy opens; the event
 * holds that JWE's SHA-256 in base64url. Policy checks the token itself; what stands beside it is a claim.
 */
const decidedByPerson = {
  ...bound,
  approver: someone,
  reason: words,
  decidedAt: instant,
  tokenDigest: id,
};

export const approvalOpened = z.strictObject({ ...bound, tool: name, openedAt: instant, expiresAt: instant });
/** Sealed values of an item were opened for a person who may decide it: which, never what they are. Once a person and item. */
export const approvalViewed = z.strictObject({
  ...bound,
  viewer: someone,
  opened: z.array(openedValue).max(100),
  viewedAt: instant,
});
/** Handed on: for so long nobody but them decides it. */
export const approvalDelegated = z.strictObject({ ...bound, by: someone, to: id, reason: words, until: instant });
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
  approver: someone,
  reason: words,
  decidedAt: instant,
  tokenDigest: id,
});
