type Verdict = 'pass' | 'fail' | 'error';

interface Told {
  verdict: Verdict;
}

const NO_MODEL = { calls: 0, promptTokens: 0, completionTokens: 0, ms: 0 };
const FILE = 'evals/told.evals.yaml';

/** What became of a case, as a report of the evals says it. */
export const caseOf = (title: string, verdict: Verdict = 'pass', problems: string[] = []): Told => ({
  ...{ id: `${FILE}#${title}`, workflow: 'support-desk', title, file: FILE, line: 3, tags: ['told'], verdict },
  ...{ attempts: [{ verdict, problems, durationMs: 12, model: NO_MODEL }], reached: [] },
});

/** The report of a whole run of support-desk that came to this: what `evals run --report` writes. */
export function runWith(fingerprint: string, results: Told[], startedAt = new Date().toISOString()) {
  const count = (verdict: Verdict) => results.filter((each) => each.verdict === verdict).length;
  const counts = { passed: count('pass'), failed: count('fail'), errors: count('error'), skipped: 0 };
  const verdict = counts.errors > 0 ? 'error' : counts.failed > 0 ? 'fail' : 'pass';
  const one = { workflow: 'support-desk', fingerprint, policyVersion: 'p', casesDigest: 'sha256:cases', generated: 0 };
  return {
    ...{ format: 'countersign-evals/1', version: '0.1.0', model: 'recorded', startedAt, seconds: 1, partial: false },
    ...{ workflows: [{ ...one, counts, verdict }], results, counts, verdict },
  };
}
