import { z } from 'zod';
import { APPROVAL_STATES } from '@countersign/contracts';

const position = z.strictObject({ openedAt: z.iso.datetime(), approvalId: z.string().max(100) });
type Position = z.infer<typeof position>;

const cursor = z
  .string()
  .max(500)
  .transform((text, context): Position => {
    const parsed = position.safeParse(jsonOf(Buffer.from(text, 'base64url').toString('utf8')));
    if (parsed.success) return parsed.data;
    context.addIssue('use the nextCursor of the page before');
    return z.NEVER;
  });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const listQuery = z.strictObject({
  status: z.enum(APPROVAL_STATES).optional(),
  /** What one has said something of oneself: one's own history. */
  decidedBy: z.literal('me').optional(),
  /** `oldest`: what has waited longest comes first, as what expires first. */
  sort: z.enum(['newest', 'oldest']).default('newest'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: cursor.optional(),
});

/** The page's rows and, if there is one more than asked for, where the next page begins. */
export function pageOf<R extends Position>(rows: R[], limit: number): { rows: R[]; nextCursor: string | null } {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const at = last && { openedAt: last.openedAt, approvalId: last.approvalId };
  return { rows: rows.slice(0, limit), nextCursor: at ? Buffer.from(JSON.stringify(at)).toString('base64url') : null };
}
