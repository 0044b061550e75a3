export { GapError, PublishTimeout, WiringError } from './errors.js';
export { FakeBroker } from './fake/fake-broker.js';
export { FakeCluster } from './fake/fake-cluster.js';
export { FakeDatabase } from './fake/fake-database.js';
export { FakeStore, type FakeStoreOptions } from './fake/fake-store.js';
export type { FakeQueries } from './fake/fake-tx.js';
export type { AdvisorySession } from './fake/advisory-locks.js';
export type { Wire } from './fake/wire.js';
export { KafkaBroker } from './kafka/kafka-broker.js';
export { readLog, type ReadLog } from './kafka/read-log.js';
export { writeControl, type ControlVerdict, type WriteControl } from './kafka/write-control.js';
export { kafkaEnv, kafkaSettings, type KafkaSettings } from './kafka/kafka-settings.js';
export { silentLog, type Log } from './log.js';
export type { HealthReport } from './health.js';
export { createMessaging, Messaging, type MessagingOptions } from './messaging.js';
export type { Redriven } from './parked.js';
export type { Batch, Bounds, Broker, ParkedEntry, Store } from './ports.js';
export { messagingMigrations } from './postgres/migration.js';
export { refusedLogin, type RefusedLogin } from './refused-login.js';
export { storableJson } from './storable.js';
export { emit, ignore, put, work } from './stream.js';
export type {
  Applied,
  Command,
  Consumer,
  Effect,
  Handler,
  Ingester,
  Read,
  Round,
  Routes,
  SqlTx,
  States,
  WorkDraft,
  Worker,
  WorkOutcome,
  WorkRow,
} from './stream.js';
export {
  currentTraceparent,
  inSpan,
  inTrace,
  isTracing,
  openSpan,
  placeOf,
  spanned,
  tellSpan,
  type OpenSpan,
  type SpanAttributes,
  type SpanSpec,
} from './tracing.js';
export { SPAN } from './span-names.js';
export { CountersignTransport, KAFKA_BATCH } from './transport.js';
