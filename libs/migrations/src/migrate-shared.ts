/*
 * What it guarantees of a schema that services share:
 * 1. The owner, and nobody else, owns the schema and touches its tables.
 * 2. A service's role may call the functions named for it, which run with the owner's rights, and no others: what is not named any
 *    more is gone after the next run.
 * 3. Running it again changes nothing.
 * The roles are there already; a service that has none yet is passed over.
 */
import pg from 'pg';
import type { MigrationInterface } from 'typeorm';
import { runMigrations } from './migrate-service.js';
import { roleName } from './roles.js';
import { inTransaction } from './row-security.js';

export interface SharedSchema {
  schema: string;
  migrations: (new () => MigrationInterface)[];
  /** By service: the functions it may call, as PostgreSQL names them (`open(text, text[])`). */
  rights: Readonly<Record<string, readonly string[]>>;
}

/** Gives the names of the migrations that ran. */
export async function migrateShared(databaseUrl: string, { schema, migrations, rights }: SharedSchema) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    const ran = await runMigrations({ databaseUrl, migrations }, schema);
    const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
    const roles = Object.keys(rights).map((service) => [roleName(rows[0]!.name, service), rights[service]!] as const);
    const sql = 'SELECT rolname AS name FROM pg_roles WHERE rolname = any ($1)';
    const there = await client.query<{ name: string }>(sql, [roles.map(([role]) => role)]);
    const known = new Set(there.rows.map(({ name }) => name));
    await inTransaction(client, [
      `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC`,
      ...roles.filter(([role]) => known.has(role)).flatMap(([role, functions]) => grants(schema, role, functions)),
    ]);
    return ran;
  } finally {
    await client.end();
  }
}

const grants = (schema: string, role: string, functions: readonly string[]): string[] => [
  `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM "${role}"`,
  `REVOKE ALL ON SCHEMA ${schema} FROM "${role}"`,
  ...(functions.length > 0 ? [`GRANT USAGE ON SCHEMA ${schema} TO "${role}"`] : []),
  ...functions.map((name) => `GRANT EXECUTE ON FUNCTION ${schema}.${name} TO "${role}"`),
];
