/** What plans here, without its surroundings: no Nest. The simulation and the evals run it. */
export { connectModel, type Model } from './model.js';
export { planner } from './service.js';
export type { TurnOutcome } from './state.js';
export { deadlineWorker, turnWorker, wakeWorker } from './work.js';
