import { lineOf, type TraceLine } from '@countersign/evidence';
import { cursorText } from './query.js';
import type { RecordRow } from './record.entity.js';

/** A page of traces: `begun` holds one more than `limit` if there are more. */
export function listView(
  begun: RecordRow[],
  others: RecordRow[],
  limit: number,
): { data: TraceLine[]; nextCursor: string | null } {
  const page = begun.slice(0, limit);
  const last = page.at(-1);
  const data = page.map((begin) =>
    lineOf(
      begin,
      others.filter(({ intent }) => intent === begin.intent),
    ),
  );
  if (!last || begun.length <= limit) return { data, nextCursor: null };
  const { appendedAt, topic, partition, offset } = last;
  return { data, nextCursor: cursorText({ at: appendedAt.toISOString(), topic, partition, offset }) };
}
