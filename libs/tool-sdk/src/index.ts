export { sealFields, type HiddenClass, type Seal } from './classes.js';
export {
  contractFlaws,
  defineToolContract,
  fieldClasses,
  inputJsonSchema,
  parseInput,
  unclassifiedFields,
  type EffectClass,
  type InputProblem,
  type PermissionMap,
  type ToolContract,
} from './contract.js';
export {
  defineTool,
  NoAnswer,
  NothingDone,
  ToolRefusal,
  type CommitContext,
  type CommitOutcome,
  type LookupOutcome,
  type PreviewOutcome,
  type ReadOutcome,
  type TargetAnswer,
  type TargetClient,
  type TargetRequest,
  type Tool,
  type ToolContext,
} from './tool.js';
