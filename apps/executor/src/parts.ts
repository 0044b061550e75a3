/** What acts here, without its surroundings: no Nest, no connection. The simulation and the evals run it. */
export { Attempts } from './attempt.js';
export { Circuit, limitsOf } from './circuits.js';
export { drained, Drainer } from './drain.js';
export { fakeDrain, fakeQueries, FakeSharedLock, type FakeLockParts } from './fake-engine.js';
export { Gate } from './gate.js';
export { Heartbeats } from './heartbeats.js';
export { Recheck } from './recheck.js';
export { Sealer } from './sealer.js';
export { SendLock } from './send-lock.js';
export { auditConsumer, CONTROL, controlConsumer, executorConsumer } from './service.js';
export type { Warrant, WorkBody } from './state.js';
export { Target } from './target-client.js';
export { Toolbox } from './toolbox.js';
export { WarrantBook } from './warrant-book.js';
export { Executor } from './work.js';
