export { migrateService, type ServiceMigrations, type MigrateOptions } from './migrate-service.js';
export { migrateShared, type SharedSchema } from './migrate-shared.js';
export { readerOf, roleName, scramVerifier } from './roles.js';
export { readAs, type TenantReads } from './row-security.js';
