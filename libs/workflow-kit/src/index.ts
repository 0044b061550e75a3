export {
  fingerprintOf,
  loadDirectories,
  loadTools,
  loadWorkflows,
  type LoadedWorkflow,
  type ModelSettings,
} from './load.js';
export {
  defineWorkflow,
  MAX_REPLANS,
  policyVersionOf,
  type Budget,
  type Workflow,
  type WorkflowLimits,
  type WorkflowModel,
} from './workflow.js';
