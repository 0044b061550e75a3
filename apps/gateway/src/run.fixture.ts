import { runReportOf, type CaseResult, type CaseVerdict, type RunReport } from '@countersign/evals';

const NO_MODEL = { calls: 0, promptTokens: 0, completionTokens: 0, ms: 0 };

/** What became of a case, for specs. */
export function caseOf(title: string, verdict: CaseVerdict, workflow = 'desk'): CaseResult {
  const file = 'evals/desk.evals.yaml';
  const problems = verdict === 'pass' ? [] : ['expected no effect, found refund of ord_1'];
  const attempts = verdict === 'skip' ? [] : [{ verdict, problems, durationMs: 20, model: NO_MODEL }];
  return {
    ...{ id: `${file}#${title}`, workflow, title, file, line: 4, tags: ['limit'], verdict },
    attempts,
    reached: [],
  };
}

export const runWith = (
  fingerprint: string,
  results: CaseResult[],
  startedAt = '2026-03-01T09:00:00.000Z',
): RunReport =>
  runReportOf(
    {
      ...{ version: '0.1.0', model: 'recorded', startedAt, seconds: 2, partial: false },
      workflows: [{ workflow: 'desk', fingerprint, policyVersion: '1', casesDigest: 'sha256:cases' }],
    },
    results,
  );
