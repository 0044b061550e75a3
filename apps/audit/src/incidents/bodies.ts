import { INCIDENT_STATES } from '@countersign/contracts';
import { z } from 'zod';

const storable = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !text.includes('\u0000'), 'it holds U+0000');
const id = storable(200).min(1);

/** What went wrong: an intent, or one action of it. */
export const openBody = z.strictObject({
  intentId: id,
  actionId: id.optional(),
  note: storable(2_000).trim().min(1).optional(),
});

/** The case is answered, expecting what `expect` says; or, with `text`, this file is taken down as the case. */
export const captureBody = z
  .strictObject({ expect: z.record(z.string(), z.json()).optional(), text: z.string().min(1).max(300_000).optional() })
  .refine(({ expect, text }) => !expect || !text, 'give expect or text, not both');

/** Ids of cases that passed in the run whose report released the fingerprint. */
export const closuresBody = z.strictObject({
  workflow: id,
  fingerprint: id,
  passed: z.array(z.string().min(1).max(600)).max(1_000),
});

export const incidentQuery = z.strictObject({
  state: z.enum(INCIDENT_STATES).optional(),
  overdue: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});
export type IncidentQuery = z.infer<typeof incidentQuery>;
