export { historyAsksOf, MAX_ASKS, rulesOf, type Asked, type NamedAsk } from './history.js';
export { permissionNeeds, type PermissionNeed } from './permission-needs.js';
export {
  allow,
  defineRule,
  deny,
  escalate,
  evaluate,
  pass,
  type HistoryAsk,
  type Rule,
  type RuleFacts,
  type RuleVerdict,
  type Tally,
  type Verdict,
} from './rule.js';
export { vouchedFor } from './vouched.js';
