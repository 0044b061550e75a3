import { HttpProblem } from '@countersign/host';
import { z } from 'zod';

const DAY = 24 * 3600 * 1000;
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const range = z.strictObject({ from: instant.optional(), to: instant.optional() });

/** From the first instant to before the last, by the broker's clock. */
export interface Range {
  from: Date;
  to: Date;
}

/** The range a query names: the 24 hours before `to` if it names no beginning, until now if it names no end. */
export function parseRange(query: unknown, now: Date): Range {
  const parsed = range.safeParse(query);
  if (!parsed.success) {
    const flaws = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'query'}: ${issue.message}`);
    throw new HttpProblem('INVALID_ARGUMENTS', flaws.join('; '));
  }
  const { to = now, from = new Date(to.getTime() - DAY) } = parsed.data;
  if (from < to) return { from, to };
  throw new HttpProblem('INVALID_ARGUMENTS', 'from: it has to be before to');
}
