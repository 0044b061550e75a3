import { z } from 'zod';
import { classified } from '../data-class.js';
import { CODE_NAMES } from '../codes.js';
import { grant } from './decisions.js';
import {
  count,
  doneCheck,
  id,
  instant,
  memberSeen,
  name,
  payload,
  payloadObject,
  preview,
  recordChanged,
  recordRead,
  refusalFields,
  version,
  words,
} from './fields.js';

const executed = {
  intentId: id,
  actionId: id,
  revision: count,
  tenant: id,
  tool: name,
  toolVersion: version,
  /** The warrant this answers. */
  jti: id,
  grant,
  attempts: count,
  endedAt: instant,
  /** The arguments it was carried out with, where a person changed what was proposed. */
  edited: payloadObject.optional(),
};

const touched = { recordsRead: z.array(recordRead) };

export const actionRead = z.strictObject({ ...executed, ...touched, result: payload });
/** The people a warrant asked about, as the directory had them. */
const people = z.array(memberSeen).max(20).optional();
export const actionPreviewed = z.strictObject({ ...executed, ...touched, preview, people });
export const actionDrafted = z.strictObject({ ...executed, ...touched, preview, people });
export const actionCommitted = z.strictObject({
  ...executed,
  ...touched,
  idempotencyKey: id,
  result: payload,
  recordsChanged: z.array(recordChanged),
  done: doneCheck.optional(),
});
/** A definite no of the target, or of the tool: nothing was changed. */
export const actionFailed = z.strictObject({
  ...executed,
  ...touched,
  ...refusalFields,
  /** What audit alone is told: another tenant's record is NOT_FOUND for everybody else. */
  auditCode: classified('public', z.enum(CODE_NAMES)).optional(),
});
/** Unsent: the warrant expired, the preview changed or the context went stale. Policy decides again. */
export const actionReturned = z.strictObject({
  ...executed,
  ...touched,
  ...refusalFields,
  preview: preview.optional(),
});
/** Unsent: a kill switch, the stage or the release forbids it. */
export const actionBlocked = z.strictObject({ ...executed, ...refusalFields });
/** What was looked at before it was sent or found out. */
const looked = z.array(recordRead).optional();
export const actionInDoubt = z.strictObject({
  ...executed,
  ...refusalFields,
  idempotencyKey: id,
  known: words,
  recordsRead: looked,
});
export const actionResolved = z.strictObject({
  ...executed,
  outcome: classified('internal', z.enum(['committed', 'failed'])),
  by: classified('internal', z.enum(['lookup', 'person'])),
  detail: words,
  idempotencyKey: id,
  result: payload.nullable(),
  recordsRead: looked,
  recordsChanged: z.array(recordChanged),
  done: doneCheck.optional(),
});
