/** What asks people here, without its surroundings: no Nest, no connection. The simulation and the evals run it. */
export { answerItem, controlNow, type Answering } from './answering.js';
export { problemOf } from './problems.js';
export { DoubtDesk } from './doubt-desk.js';
export { fakeQueries } from './fake-queries.js';
export { approvalConsumer, controlConsumer, doubtsConsumer } from './service.js';
export type { Doubt, Item } from './state.js';
export { clock } from './work.js';
