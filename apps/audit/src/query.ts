import { HttpProblem } from '@countersign/host';
import { z } from 'zod';
import { wordsOf } from './search/terms.js';

/** The store takes every character but this one. */
const storable = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !text.includes('\u0000'), 'it holds U+0000');
const word = storable(200).trim().min(1).optional();
/** Each is looked up by itself. */
const WORDS = 16;
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
  text: word.refine((text) => wordsOf(text ?? '').length <= WORDS, `it has more than ${WORDS} words`),
  from: instant,
  to: instant,
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});
export type TraceQuery = z.infer<typeof traceQuery>;

/** Where a page ended: time and place of its last record. */
const cursorSchema = z.strictObject({
  at: z.iso.datetime({ offset: true }),
  topic: storable(50),
  partition: z.int32(),
  offset: z.string().regex(/^\d{1,18}$/),
});
export type Cursor = z.infer<typeof cursorSchema>;

export const cursorText = (cursor: Cursor) => Buffer.from(JSON.stringify(cursor)).toString('base64url');

/** Of all traces a search finds there is no page. */
export const facetsQuery = traceQuery.omit({ limit: true, cursor: true });
export type FacetsQuery = z.infer<typeof facetsQuery>;

const place = z.string().regex(/^[a-z-]{1,30}\.\d{1,9}\.\d{1,18}$/, 'it is not a place: topic.partition.offset');
/** Which events of a trace: the one at a place, those that hold a text, or all. */
export const eventsQuery = z.strictObject({
  place: place.optional(),
  text: storable(200).min(1).optional(),
  limit: z.coerce.number().int().min(0).max(50).default(20),
});

export function parseQuery(query: unknown): { query: TraceQuery; after: Cursor | undefined } {
  const parsed = traceQuery.safeParse(query);
  if (!parsed.success) {
    const flaws = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'query'}: ${issue.message}`);
    throw new HttpProblem('INVALID_ARGUMENTS', flaws.join('; '));
  }
  return { query: parsed.data, after: cursorOf(parsed.data.cursor) };
}

export function cursorOf(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    throw new HttpProblem('INVALID_ARGUMENTS', 'cursor: it is not one that a page gave as nextCursor');
  }
}
