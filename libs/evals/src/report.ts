import type { Signer } from '@countersign/signing';
import type { EvalCase } from './case-file.js';
import type { FoundCase } from './find-cases.js';
import { judgeCase } from './judge-case.js';
import type { ModelCall, Observed } from './observed.js';
import { reachedBy } from './reached.js';
import { signRelease, type ReleaseReport } from './release.js';
import { resultsDigest } from './results-digest.js';
import type { Attempt, CaseResult, ModelUse, RunReport, WorkflowReport } from './run-report.js';
import { countsOf, verdictOf, worstOf } from './verdict.js';

/** A case is judged only where all of it was seen; of one that was not, what differs so far may say why. */
export function attemptOf(one: Pick<EvalCase, 'steps' | 'expect'>, observed: Observed, durationMs: number): Attempt {
  const model = useOf(observed.modelCalls);
  const problems = judgeCase(one, observed);
  if (observed.errors.length > 0) {
    const soFar = problems.map((problem) => `so far: ${problem}`);
    return { verdict: 'error', problems: [...observed.errors, ...soFar], durationMs, model };
  }
  return { verdict: problems.length > 0 ? 'fail' : 'pass', problems, durationMs, model };
}

const nameOf = ({ id, workflow, title, file, line, tags }: FoundCase) => ({ id, workflow, title, file, line, tags });

/** Of all its attempts: as the worst of them. */
export function caseResultOf(one: FoundCase, seen: readonly { observed: Observed; attempt: Attempt }[]): CaseResult {
  const attempts = seen.map(({ attempt }) => attempt);
  const verdict = worstOf(attempts.map((attempt) => attempt.verdict));
  return { ...nameOf(one), verdict, attempts, reached: reachedBy(seen.map(({ observed }) => observed)) };
}

export const skippedCase = (one: FoundCase, because: string): CaseResult => ({
  ...{ ...nameOf(one), verdict: 'skip', because, attempts: [], reached: [] },
});

type About = Pick<RunReport, 'version' | 'model' | 'startedAt' | 'seconds' | 'partial' | 'prices'> & {
  workflows: Pick<WorkflowReport, 'workflow' | 'fingerprint' | 'policyVersion' | 'casesDigest' | 'coverage'>[];
};

/** A workflow without a case that ran is an error, and so is the run. */
export function runReportOf({ workflows, ...about }: About, seen: readonly CaseResult[]): RunReport {
  const results = seen.toSorted(byPlace);
  const reports = workflows.map((each): WorkflowReport => {
    const its = results.filter(({ workflow }) => workflow === each.workflow);
    const counts = countsOf(its);
    return { ...each, generated: its.filter(isGenerated).length, counts, verdict: verdictOf(counts) };
  });
  const verdict = worstOf(reports.map((report) => report.verdict));
  return { format: 'countersign-evals/1', ...about, workflows: reports, results, counts: countsOf(results), verdict };
}

/** As the files have them, in whatever order they ran. */
const byPlace = (a: CaseResult, b: CaseResult) =>
  compareText(a.workflow, b.workflow) || compareText(a.file, b.file) || a.line - b.line || compareText(a.id, b.id);
const compareText = (a: string, b: string) => (a < b ? -1 : Number(a > b));

/** Made from the permission map, not written. */
export const isGenerated = ({ line }: Pick<CaseResult, 'line'>): boolean => line === 0;

/** What is signed of a run: no title, no problem, nothing that a record or a model said. */
export function releaseReportOf(run: RunReport, workflow: WorkflowReport): ReleaseReport {
  const { generated, counts, verdict, casesDigest } = workflow;
  const at = new Date(Date.parse(run.startedAt) + run.seconds * 1000).toISOString();
  const digest = resultsDigest(resultsOf(run, workflow.workflow));
  const cases = { cases: counts, generated, casesDigest, resultsDigest: digest };
  return { kind: 'release', at, verdict, ...cases, model: run.model };
}

const resultsOf = ({ results }: RunReport, workflow: string) => results.filter((each) => each.workflow === workflow);

/** What the run says of one of its workflows, as a run of its own. */
export function runOfWorkflow(run: RunReport, workflow: string): RunReport {
  const workflows = run.workflows.filter((each) => each.workflow === workflow);
  const [{ counts, verdict } = { counts: countsOf([]), verdict: verdictOf(countsOf([])) }] = workflows;
  return { ...run, workflows, results: resultsOf(run, workflow), counts, verdict };
}

/** The run with what releases each workflow all of whose cases ran, and of which none failed. */
export function signRun(run: RunReport, key: Signer): RunReport {
  const signed = run.workflows.map((each) => {
    if (run.partial || each.verdict !== 'pass') return each;
    return { ...each, release: signRelease(each.workflow, each.fingerprint, releaseReportOf(run, each), key) };
  });
  return { ...run, workflows: signed };
}

function useOf(calls: readonly ModelCall[]): ModelUse {
  const sum = (of: (call: ModelCall) => number) => calls.reduce((total, call) => total + of(call), 0);
  return {
    calls: calls.length,
    promptTokens: sum((call) => call.promptTokens),
    completionTokens: sum((call) => call.completionTokens),
    ms: sum((call) => call.ms),
  };
}
