export {
  evalCaseOf,
  evalFileSchema,
  parseEvalFile,
  type EvalCase,
  type EvalFile,
  type WrittenCase,
} from './case-file.js';
export { type ModelTurn, type SimpleStep, type Step } from './case-steps.js';
export { CASE_TENANTS, type CaseTenant } from './case-words.js';
export { DECISION_OUTCOMES, ENDS, type DecisionOutcome, type End, type Expectation } from './expectation.js';
export { modesOf, needsWorldAlone } from './check-case.js';
export { caseIdOf, casesDigest, casesOf, evalFilesOf, findEvals, type CaseText, type FoundCase } from './find-cases.js';
export { judgeCase } from './judge-case.js';
export { numbered } from './judge-steps.js';
export { MODEL_MODES, type ModelMode } from './model-mode.js';
export {
  nothingObserved,
  type ModelCall,
  type Observed,
  type ObservedDecision,
  type ObservedEffect,
  type ObservedOutcome,
  type ObservedProposal,
  type ObservedReply,
  type Refused,
} from './observed.js';
export { reachedBy } from './reached.js';
export {
  RELEASE_KEY_OWNER,
  releaseReportSchema,
  signRelease,
  verifyRelease,
  type ReleaseReport,
  type VerifiedRelease,
} from './release.js';
export {
  attemptOf,
  caseResultOf,
  isGenerated,
  releaseReportOf,
  runOfWorkflow,
  runReportOf,
  signRun,
  skippedCase,
} from './report.js';
export { resultsDigest } from './results-digest.js';
export {
  caseResultSchema,
  parseRunReport,
  runReportSchema,
  type Attempt,
  type CaseResult,
  type ModelUse,
  type Prices,
  type Reached,
  type RunReport,
  type WorkflowReport,
} from './run-report.js';
export {
  CASE_VERDICTS,
  countsOf,
  EXIT_CODES,
  VERDICTS,
  verdictOf,
  worstOf,
  type CaseVerdict,
  type Counts,
  type Verdict,
} from './verdict.js';
export { compareReports, type Comparison } from './compare-reports.js';
export { costOf, modelUse, passPowers, type PassPower } from './repeat.js';
export { renderGithub } from './render/github.js';
export { renderJson } from './render/json.js';
export { renderJunit } from './render/junit.js';
export { renderSummary } from './render/summary.js';
export { renderTable, tellCounts } from './render/table.js';
export { boundaryCases } from './boundary/boundary-cases.js';
export {
  findSamples,
  parseSamples,
  samplesFileOf,
  samplesSchema,
  type Sample,
  type Samples,
} from './boundary/samples.js';
export { coverageOf, coverageSchema, type Coverage } from './coverage/coverage.js';
export { renderCoverage } from './coverage/render.js';
