import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { migrateService, migrateShared, type ServiceMigrations } from '@countersign/migrations';
import { sealing } from '@countersign/sealing/migrations';
import pg from 'pg';
import type { Config } from './config.js';

// Any number, as long as it is always the same: "csgn" in ASCII.
const LOCK = 0x6373676e;
const APPS = path.resolve(import.meta.dirname, '../..');

/** Brings every service's schema up to date, one migrator at a time. Gives the migrations that ran as `service.Name`. */
export async function migrateSchemas(config: Config): Promise<string[]> {
  const client = new pg.Client({ connectionString: config.databaseUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await closeToOthers(client);
    const ran: string[] = [];
    for (const service of config.services) {
      const exported = await migrationsOf(service);
      const { databaseUrl } = config;
      const names = await migrateService({ ...exported, databaseUrl, service, password: config.passwords[service]! });
      ran.push(...names.map((name) => `${service}.${name}`));
    }
    ran.push(...(await migrateShared(config.databaseUrl, sealing)).map((name) => `sealing.${name}`));
    return ran;
  } finally {
    await client.end(); // frees the lock
  }
}

/** Without this every role of the server may connect, and every one may list the schema `public`. */
async function closeToOthers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  await client.query(`REVOKE ALL ON DATABASE "${rows[0]!.name}" FROM PUBLIC`);
  const { rowCount } = await client.query(
    `SELECT FROM pg_namespace WHERE nspname = 'public' AND pg_has_role(nspowner, 'USAGE')`,
  );
  if (rowCount) await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
}

/** A service's own list, as built. It is data to the migrator: no service is imported in code. */
async function migrationsOf(service: string): Promise<ServiceMigrations> {
  const file = path.join(APPS, service, 'dist/migrations.js');
  const exported = (await import(pathToFileURL(file).href)) as Partial<ServiceMigrations>;
  if (!Array.isArray(exported.migrations)) throw new Error(`${file} exports no list named migrations`);
  return { migrations: exported.migrations, grants: exported.grants, reads: exported.reads };
}
