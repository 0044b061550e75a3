import { HttpProblem } from '@countersign/host';
import type { z } from 'zod';

/** What a caller gave, of the form it should have; or INVALID_ARGUMENTS with each place that does not fit. */
export function parsed<T extends z.ZodType>(schema: T, given: unknown, what = 'body'): z.infer<T> {
  const result = schema.safeParse(given ?? {});
  if (result.success) return result.data;
  const flaws = result.error.issues.map((issue) => `${issue.path.join('.') || what}: ${issue.message}`);
  throw new HttpProblem('INVALID_ARGUMENTS', flaws.join('; '));
}
