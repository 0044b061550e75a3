import { z } from 'zod';
import { classified } from '../data-class.js';
import { count, flag, id, instant, name, payload, refusalFields, words } from './fields.js';
import { CODE_NAMES } from '../codes.js';

export const ACTION_OUTCOMES = [
  'denied',
  'read',
  'previewed',
  'drafted',
  'committed',
  'failed',
  'blocked',
  'resolved',
] as const;
export type ActionOutcome = (typeof ACTION_OUTCOMES)[number];

/** The final user-visible output. */
export const replySent = z.strictObject({
  intentId: id,
  tenant: id,
  text: words,
  outcome: classified('internal', z.enum(['answered', 'failed'])),
  code: classified('public', z.enum(CODE_NAMES)).optional(),
  fromModel: flag,
  /** The model's words claimed what no record shows, so these stand in their place: why. */
  flagged: words.optional(),
  turns: count,
  actions: z.array(
    z.strictObject({
      actionId: id,
      tool: name,
      outcome: classified('internal', z.enum(ACTION_OUTCOMES)),
      code: classified('public', z.enum(CODE_NAMES)).optional(),
    }),
  ),
});

/** `epoch`: the control record's offset. `appendedAt`: when the broker took it. `instances`: how many of the service run. */
const ack = {
  ...{ scope: id, epoch: count, service: name, instance: id, at: instant, by: id.optional() },
  ...{ appendedAt: instant.optional(), instances: count.optional() },
};
export const controlApplied = z.strictObject({
  ...ack,
  value: payload,
  /** Of a trip: commits of the scope that were sent before it and have no known end yet (the first hundred). */
  inDoubt: z.array(id).max(100).optional(),
});
export const controlRefused = z.strictObject({ ...ack, ...refusalFields });

/** What a control record becomes on the way in: `value` is null for a tombstone or what no contract fits. */
export const controlSet = z.strictObject({ scope: id, value: payload.nullable() });
