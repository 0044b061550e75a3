export { migrateService, type ServiceMigrations, type MigrateOptions } from './migrate-service.js';
export { roleName, scramVerifier } from './roles.js';
