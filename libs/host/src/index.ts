export {
  baseConfig,
  ConfigError,
  messagingSettings,
  modelSettings,
  parseConfig,
  readConfig,
  readSecretKey,
  type BaseConfig,
} from './config.js';
export { openReadModels } from './data-source.js';
export { createLogger, LOGGER, NestLogger } from './logger.js';
export { METRICS, OPERATORS } from './operations.controller.js';
export { HttpProblem, ProblemFilter } from './problem.js';
export { startService, type RunningService, type ServiceOptions } from './start-service.js';
