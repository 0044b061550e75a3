/** What decides here, without its surroundings: no Nest, no connection. The simulation and the evals run it. */
export { ControlReader } from './control-reader.js';
export { fakeQueries } from './fake-queries.js';
export type { ControlMeans, Means } from './prepare.js';
export { control, policy } from './service.js';
export { keyWaiter } from './work.js';
