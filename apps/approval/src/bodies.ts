import { z } from 'zod';
import { cut, type JsonObject } from '@countersign/contracts';
import { HttpProblem } from '@countersign/host';
import { maskWords } from '@countersign/sealing';

const reason = z
  .string()
  .trim()
  .min(1)
  .max(2_000)
  .refine((text) => text.isWellFormed(), 'half a character (a lone surrogate)')
  // It is kept for as long as the trace: what was decided, not whose card it was about.
  .transform((text) => cut(maskWords(text), 2_000));
const id = z.string().min(1).max(200);
const leaseSeconds = z.int().min(30).max(3600).default(600);

export const answerBody = z.discriminatedUnion('decision', [
  z.strictObject({ decision: z.enum(['approve', 'reject']), actionHash: id, reason }),
  z.strictObject({
    decision: z.literal('edit'),
    actionHash: id,
    reason,
    arguments: z.record(z.string(), z.json()).transform((args) => args as JsonObject),
  }),
]);
export const claimBody = z.strictObject({ leaseSeconds, release: z.literal(true).optional() });
export const delegateBody = z.strictObject({
  to: id.refine((text) => text.isWellFormed() && !text.includes('\u0000'), 'no name of a person'),
  reason,
  leaseSeconds,
});
export const batchBody = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  reason,
  items: z
    .array(z.strictObject({ approvalId: id, actionHash: id }))
    .min(1)
    .max(100)
    .refine((items) => new Set(items.map(({ approvalId }) => approvalId)).size === items.length, 'an item twice'),
});

export const verdictBody = z.strictObject({ outcome: z.enum(['committed', 'failed']), reason });

/** What was sent, if it is of that form; else 422 with each field that is not. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  throw unfit(result.error.issues.map(({ path, message }) => ({ path: path.join('.') || '(body)', message })));
}

export const unfit = (fields: { path: string; message: string }[]) =>
  new HttpProblem('INVALID_ARGUMENTS', fields.map(({ path, message }) => `${path}: ${message}`).join('; '), { fields });
