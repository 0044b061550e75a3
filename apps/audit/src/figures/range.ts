import { HttpProblem } from '@countersign/host';
import { z } from 'zod';
import { parsed } from '../parsed.js';

const DAY = 24 * 3600 * 1000;
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const range = z.strictObject({ from: instant.optional(), to: instant.optional() });
const series = range.extend({ buckets: z.coerce.number().int().min(1).max(200).default(48) });

/** From the first instant to before the last, by the broker's clock. */
export interface Range {
  from: Date;
  to: Date;
}

/** The range a query names: the 24 hours before `to` if it names no beginning, until now if it names no end. */
export const parseRange = (query: unknown, now: Date): Range => rangeOf(parsed(range, query, 'query'), now);

/** And the stretches it is cut into: as many as are asked for, or fewer if a millisecond is too long for so many. */
export function parseSeries(query: unknown, now: Date): Range & { strideMs: number } {
  const { buckets, ...asked } = parsed(series, query, 'query');
  const { from, to } = rangeOf(asked, now);
  return { from, to, strideMs: Math.ceil((to.getTime() - from.getTime()) / buckets) };
}

function rangeOf(asked: z.infer<typeof range>, now: Date): Range {
  const { to = now, from = new Date(to.getTime() - DAY) } = asked;
  if (from < to) return { from, to };
  throw new HttpProblem('INVALID_ARGUMENTS', 'from: it has to be before to');
}
