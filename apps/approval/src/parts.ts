/** What asks people here, without its surroundings: no Nest, no connection. The simulation runs it. */
export { decideAnswer, type Verdict } from './answer.js';
export { DoubtDesk } from './doubt-desk.js';
export { approvalConsumer, controlConsumer, doubtsConsumer } from './service.js';
export { approvalKey, type Doubt, type Item } from './state.js';
export { clock } from './work.js';
