import { migrateService, migrateShared, readerOf, roleName, type ServiceMigrations } from '@countersign/migrations';
import { sealing } from '@countersign/sealing/migrations';
import { testDatabase, type TestDatabase } from './test-database.js';

export interface TestServiceDatabase extends TestDatabase {
  /** Of the service's own role, with the rights it has in production. */
  serviceUrl: string;
}

/**
 * A fresh database in which one service's schema is made as the migrator makes it, and the store of sealed values if it may use it.
 *
 * @example
 * const database = await testServiceDatabase('policy', await import('./migrations.js'));
 * const pool = new pg.Pool({ connectionString: database.serviceUrl });
 */
export async function testServiceDatabase(service: string, exported: ServiceMigrations): Promise<TestServiceDatabase> {
  const database = await testDatabase();
  const password = 'of-a-test-and-nothing-else';
  await migrateService({ ...exported, databaseUrl: database.url, service, password });
  if (sealing.rights[service]?.length) await migrateShared(database.url, sealing);
  const url = new URL(database.url);
  url.username = roleName(database.name, service);
  url.password = password;
  const drop = async (): Promise<void> => {
    await database.drop();
    await database.dropRole(url.username);
    await database.dropRole(readerOf(url.username));
  };
  return { ...database, serviceUrl: url.href, drop };
}
