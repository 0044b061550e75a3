import type { CaseResult, CaseVerdict, FoundCase, RunReport } from './index.js';
import { evalCaseOf, runReportOf } from './index.js';

const PLACE = { workflow: 'desk', file: 'evals/desk.evals.yaml', line: 4 };

/** A case that was found, for specs. */
export const foundCase = (title: string, more: Partial<FoundCase> = {}): FoundCase => ({
  ...evalCaseOf({
    title,
    steps: [{ action: { by: 'alice', tool: 'issue_refund' } }],
    expect: { effects: [] },
  }),
  ...{ ...PLACE, id: `${PLACE.file}#${title}` },
  ...more,
});

const NO_MODEL = { calls: 0, promptTokens: 0, completionTokens: 0, ms: 0 };

/** What became of a case, attempt by attempt. */
export function resultOf(
  verdicts: CaseVerdict | ('pass' | 'fail' | 'error')[],
  more: Partial<CaseResult> = {},
): CaseResult {
  const title = more.title ?? 'A case';
  const each = typeof verdicts === 'string' ? (verdicts === 'skip' ? [] : [verdicts]) : verdicts;
  const attempts = each.map((verdict) => ({
    ...{ verdict, durationMs: 20, model: NO_MODEL },
    problems: verdict === 'pass' ? [] : ['expected no effect, found refund of ord_1'],
  }));
  const verdict = typeof verdicts === 'string' ? verdicts : (each.find((one) => one !== 'pass') ?? 'pass');
  const about = { ...PLACE, id: `${PLACE.file}#${title}`, title, tags: [] };
  return { ...about, verdict, attempts, reached: [], ...more };
}

export const runOf = (results: CaseResult[], more: Partial<RunReport> = {}): RunReport => ({
  ...runReportOf(
    {
      ...{ version: '0.1.0', model: 'recorded', startedAt: '2026-01-15T12:00:00.000Z', seconds: 1.5, partial: false },
      workflows: [{ workflow: 'desk', fingerprint: 'sha256:fp', policyVersion: '1', casesDigest: 'sha256:cases' }],
    },
    results,
  ),
  ...more,
});
