export { flaws, runDemo, unowned, type DemoRow, type DemoWorld } from './demo.js';
export { Product, type IntentToPublish, type Refusal } from './product.js';
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
