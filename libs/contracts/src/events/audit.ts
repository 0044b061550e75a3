import { z } from 'zod';
import { classified } from '../data-class.js';
import { count, id, instant, openedValue, someone, version, words } from './fields.js';

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
