export { caseFileSchema, parseCaseFile, type CaseFile, type RuleCase } from './case-file.js';
export { findCases, type FoundCases } from './find-cases.js';
export { judgeCall, type Call } from './judge-call.js';
export { runCases, untriedRules, type CaseResult } from './run-case.js';
export { flawsIn, readYaml, type Flaw, type ReadYaml } from './read-yaml.js';
