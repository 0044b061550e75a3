/** What decides here, without its surroundings: no Nest, no connection. The simulation runs it. */
export { ControlReader } from './control-reader.js';
export type { ControlMeans, Means } from './prepare.js';
export { control, policy } from './service.js';
export { keyWaiter } from './work.js';
