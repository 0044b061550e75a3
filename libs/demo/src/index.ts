export { runDemo } from './demo.js';
export { flaws, unowned, type DemoRow } from './judge.js';
export { Product, type IntentToPublish, type Refusal } from './product.js';
export { type DemoWorld } from './stage.js';
export { demoTable } from './table.js';
export {
  Helpdesk,
  Person,
  type AccessEntry,
  type ActionState,
  type ApprovalItem,
  type IntentState,
  type LedgerEntry,
} from './watchers.js';
