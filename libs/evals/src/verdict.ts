/*
 * What a run is worth. What this file guarantees:
 * 1. An error is never green: what could not be seen was not tried.
 * 2. No case is never green, and a skipped one counts as none.
 * 3. The exit code says the same as the word.
 */

/** Of a case: a skip is not a pass. */
export const CASE_VERDICTS = ['pass', 'fail', 'error', 'skip'] as const;
export type CaseVerdict = (typeof CASE_VERDICTS)[number];
export const VERDICTS = ['pass', 'fail', 'error'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Guarantee 3. */
export const EXIT_CODES: Record<Verdict, number> = { pass: 0, fail: 3, error: 7 };

export interface Counts {
  passed: number;
  failed: number;
  errors: number;
  skipped: number;
}

export function countsOf(results: readonly { verdict: CaseVerdict }[]): Counts {
  const of = (verdict: CaseVerdict) => results.filter((result) => result.verdict === verdict).length;
  return { passed: of('pass'), failed: of('fail'), errors: of('error'), skipped: of('skip') };
}

/** Guarantees 1 and 2. A run with errors is incomplete, whatever else failed. */
export function verdictOf({ passed, failed, errors }: Counts): Verdict {
  if (errors > 0) return 'error';
  if (failed > 0) return 'fail';
  return passed > 0 ? 'pass' : 'error';
}

/** Of all workflows of a run: as the worst of them, and no workflow is an error. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0 || verdicts.includes('error')) return 'error';
  return verdicts.includes('fail') ? 'fail' : 'pass';
}
