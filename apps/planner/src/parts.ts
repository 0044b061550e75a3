/** What plans here, without its surroundings: no Nest, no model. The simulation runs it. */
export type { Model } from './model.js';
export { planner } from './service.js';
export type { TurnOutcome } from './state.js';
export { deadlineWorker, turnWorker, wakeWorker } from './work.js';
