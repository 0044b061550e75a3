import { z } from 'zod';
import { classified } from '../data-class.js';
import { INCIDENT_CAUSES } from '../incidents.js';
import { count, id, instant, name, openedValue, someone, version, words } from './fields.js';

/** `ingestedThrough`: everything appended before it, on every partition, is stored. */
export const auditHeartbeat = z.strictObject({ ingestedThrough: instant, at: instant, instance: id, version });

/**
 * Sealed values of a trace were opened for a person, who said why: which, never what they are. Published before anything is shown.
 */
export const auditRevealed = z.strictObject({
  intentId: id,
  tenant: id,
  by: someone,
  reason: words,
  /** `event`: the id of the one it stands in. */
  opened: z.array(openedValue.extend({ event: id })).max(100),
  at: instant,
});

/** A data subject's keys were destroyed, and with them `values` sealed values. None is left of a subject that has `keys` 0. */
export const auditErased = z.strictObject({
  tenant: id,
  subject: id,
  by: someone,
  reason: words,
  keys: count,
  values: count,
  at: instant,
});

/**
 * What audit signed of the trees that grew: C2SP checkpoints, for whoever keeps them out of the database's reach. `heads` is the SHA-256 over
 * the newest checkpoints of all trees, these included, and `leaves` how many all of them hold: it tells which event is the newest.
 */
export const auditCheckpoint = z.strictObject({
  checkpoints: z
    .array(z.strictObject({ tenant: id, size: count, note: classified('internal', z.string().min(1).max(2_000)) }))
    .min(1)
    .max(500),
  trees: count,
  leaves: count,
  heads: classified('internal', z.string().regex(/^[\w-]{43}$/)),
});

const incident = {
  incidentId: id,
  tenant: id,
  intentId: id,
  actionId: id.optional(),
  cause: classified('internal', z.enum(INCIDENT_CAUSES)),
};
const incidentCase = z.strictObject({
  file: classified('internal', z.string().min(1).max(300)),
  title: words.min(1),
  digest: id,
});

/** Something went wrong, said by a person or, without `by`, by rule. */
export const auditIncidentOpened = z.strictObject({
  ...incident,
  openedAt: instant,
  by: someone.optional(),
  note: words.optional(),
});
/** It is a case now. Said again where another case takes its place. */
export const auditIncidentCaptured = z.strictObject({
  ...incident,
  capturedAt: instant,
  by: someone,
  case: incidentCase,
});
/** A release is in force whose run held its case as passed. */
export const auditIncidentClosed = z.strictObject({
  ...incident,
  closedAt: instant,
  by: someone,
  case: incidentCase,
  workflow: name,
  fingerprint: version,
});
