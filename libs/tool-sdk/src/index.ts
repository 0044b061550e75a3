export { sealFields, type HiddenClass, type Seal } from './classes.js';
export { contractFlaws, fieldAt, unclassifiedFields } from './contract-flaws.js';
export {
  DECIDES_OVER,
  defineToolContract,
  fieldClasses,
  inputJsonSchema,
  parseInput,
  type ApprovalNeed,
  type DecidesOver,
  type EffectClass,
  type InputProblem,
  type PermissionMap,
  type ToolContract,
} from './contract.js';
export {
  defineTool,
  NoAnswer,
  NothingDone,
  toolFlaws,
  ToolRefusal,
  type CommitContext,
  type CommitOutcome,
  type Directory,
  type DoneOutcome,
  type LookupOutcome,
  type PreviewOutcome,
  type ReadOutcome,
  type TargetAnswer,
  type TargetClient,
  type TargetRequest,
  type Tool,
  type ToolContext,
} from './tool.js';
export { definiteAnswer } from './target-status.js';
