/** What acts here, without its surroundings: no Nest, no connection. The simulation runs it. */
export { Attempts } from './attempt.js';
export { Circuit, limitsOf } from './circuits.js';
export { drained, Drainer, type DrainConnection } from './drain.js';
export { Gate } from './gate.js';
export { Heartbeats } from './heartbeats.js';
export { Recheck } from './recheck.js';
export { Sealer } from './sealer.js';
export { FLIGHT_MS, LOCK_NOT_AVAILABLE, SendLock, type LockConnection, type Taken } from './send-lock.js';
export { auditConsumer, CONTROL, controlConsumer, executorConsumer } from './service.js';
export type { Warrant, WorkBody } from './state.js';
export { Target } from './target-client.js';
export { WarrantBook } from './warrant-book.js';
export { Executor } from './work.js';
