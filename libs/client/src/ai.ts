/** The entry `@countersign/client/ai`. */
export { governed, type Governed, type GovernedCall, type GovernedOptions } from './governed.js';
export type { GovernedOutcome } from './governed-outcome.js';
