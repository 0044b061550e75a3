export { permissionNeeds, type PermissionNeed } from './permission-needs.js';
export {
  allow,
  defineRule,
  deny,
  escalate,
  evaluate,
  pass,
  type Rule,
  type RuleFacts,
  type RuleVerdict,
  type Verdict,
} from './rule.js';
