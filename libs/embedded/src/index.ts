export { DataDir } from './data-dir.js';
export { DataDirInUse, MissingPrerequisite, PortInUse, StartFailed } from './errors.js';
export { requirePrerequisites } from './kafka-jars.js';
export { formatKafka, startKafka, type Kafka, type KafkaOptions } from './kafka.js';
export type { KafkaConnection } from './kafka-connection.js';
export { saslOf, type KafkaAccount, type KafkaLogin } from './kafka-users.js';
export { answersReady, freePort, ownsPort } from './ports.js';
export { startPostgres, type Postgres, type PostgresOptions } from './postgres.js';
export { Supervisor, type Instance, type ProcessSpec, type SupervisorEvent } from './supervisor.js';
export {
  startThrowawayEngines,
  startThrowawayKafka,
  startThrowawayPostgres,
  throwawayDir,
  type Engines,
} from './engines.js';
export {
  CORE_SERVICES,
  OUTSIDE_SERVICES,
  SERVICES,
  type CoreService,
  type OutsideService,
  type Service,
} from './service-catalog.js';
export { startSystem } from './system.js';
export type { InstanceSettings, Progress, System, SystemOptions, SystemUrls } from './system-options.js';
export type { PortName } from './system-ports.js';
