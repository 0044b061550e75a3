import { HttpProblem } from '@countersign/host';
import { z } from 'zod';

const word = z.string().trim().min(1).max(200).optional();
const instant = z.iso.datetime({ offset: true }).optional();

/** What a search asks for. Everything given must be true of the trace. */
export const traceQuery = z.strictObject({
  tenant: word,
  actor: word,
  tool: word,
  rule: word,
  code: word,
  outcome: word,
  subject: word,
  record: word,
  /** As OpenTelemetry has it: 32 hexadecimal digits. */
  traceId: word,
  text: word,
  from: instant,
  to: instant,
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});
export type TraceQuery = z.infer<typeof traceQuery>;

/** Where a page ended: time and place of its last record. */
const cursorSchema = z.strictObject({
  at: z.iso.datetime({ offset: true }),
  topic: z.string().max(50),
  partition: z.int(),
  offset: z.string().regex(/^\d{1,19}$/),
});
export type Cursor = z.infer<typeof cursorSchema>;

export const cursorText = (cursor: Cursor) => Buffer.from(JSON.stringify(cursor)).toString('base64url');

export function parseQuery(query: unknown): { query: TraceQuery; after: Cursor | undefined } {
  const parsed = traceQuery.safeParse(query);
  if (!parsed.success) {
    const flaws = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'query'}: ${issue.message}`);
    throw new HttpProblem('INVALID_ARGUMENTS', flaws.join('; '));
  }
  return { query: parsed.data, after: parsed.data.cursor === undefined ? undefined : parseCursor(parsed.data.cursor) };
}

function parseCursor(text: string): Cursor {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    throw new HttpProblem('INVALID_ARGUMENTS', 'cursor: it is not one that a page gave as nextCursor');
  }
}
