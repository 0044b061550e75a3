export type { AccessMapping } from './access.js';
export { roleDenialOf, settlersOf, takesOf, type DeniedBefore, type Takes } from './before-rules.js';
export { fingerprintOf, type ModelSettings } from './fingerprint.js';
export { loadDirectories, loadTools, loadWorkflows, rootOf, type LoadedWorkflow } from './load.js';
export {
  defineWorkflow,
  MAX_REPLANS,
  policyVersionOf,
  type Budget,
  type Workflow,
  type WorkflowLimits,
  type WorkflowModel,
} from './workflow.js';
