/*
 * What it guarantees of one service's schema:
 * 1. The owner, and nobody else, owns the schema and all in it. The service's role logs in, uses its own schema, and owns nothing.
 * 2. The role has the rights that `grants` names, or else reads and writes rows, and no others: rights taken out of `grants`
 *    are gone after the next run. It can't change the migrations' history.
 * 3. Running it again changes nothing.
 * 4. Where `reads` says which rows people may ask for, row-security.ts keeps tenants apart.
 * It takes no lock: the caller sees to it that one runs at a time.
 */
import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import { readerOf, roleName, scramVerifier } from './roles.js';
import { inTransaction, raiseWall, readerGrants, type TenantReads } from './row-security.js';

/** What a service's `migrations.ts` exports. Statements name no schema: the search path is the service's own. */
export interface ServiceMigrations {
  migrations: (new () => MigrationInterface)[];
  /** The statements that give `role` its rights; without it the role may read and write every row of its schema. */
  grants?: (role: string) => string[];
  /** The tables people's questions look into, and which of their rows are a tenant's. With it every table gets row-level security. */
  reads?: TenantReads;
}

export interface MigrateOptions extends ServiceMigrations {
  /** The owner's. It needs CREATEROLE. */
  databaseUrl: string;
  /** Names the schema and, with the database, the role. */
  service: string;
  password: string;
}

const HISTORY = 'migrations';

/** Brings a service's schema up to date and its role into order. Gives the names of the migrations that ran. */
export async function migrateService(options: MigrateOptions): Promise<string[]> {
  const schema = options.service.replaceAll('-', '_');
  const client = new pg.Client({ connectionString: options.databaseUrl });
  await client.connect();
  try {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    const ran = await runMigrations(options, schema);
    await setRole(client, options, schema);
    return ran;
  } finally {
    await client.end();
  }
}

export async function runMigrations(
  { databaseUrl, migrations }: Pick<MigrateOptions, 'databaseUrl' | 'migrations'>,
  schema: string,
): Promise<string[]> {
  const source = new DataSource({
    type: 'postgres',
    url: databaseUrl,
    schema,
    migrations,
    migrationsTableName: HISTORY,
    extra: { options: `-c search_path=${schema}`, max: 1 },
  });
  await source.initialize();
  try {
    return (await source.runMigrations({ transaction: 'all' })).map(({ name }) => name);
  } finally {
    await source.destroy();
  }
}

async function setRole(client: pg.Client, options: MigrateOptions, schema: string): Promise<void> {
  const { grants, reads } = options;
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  const database = rows[0]!.name;
  const role = roleName(database, options.service);
  await createRole(client, role, `LOGIN PASSWORD '${scramVerifier(options.password)}'`);
  if (reads) await createRole(client, readerOf(role), 'NOLOGIN');
  await inTransaction(client, [
    `SET LOCAL search_path = ${schema}`,
    `ALTER ROLE "${role}" IN DATABASE "${database}" SET search_path = ${schema}`,
    `GRANT CONNECT ON DATABASE "${database}" TO "${role}"`,
    `GRANT USAGE ON SCHEMA ${schema} TO "${role}"`,
    ...['TABLES', 'SEQUENCES'].map((kind) => `REVOKE ALL ON ALL ${kind} IN SCHEMA ${schema} FROM "${role}"`),
    // PostgreSQL lets everybody call what is made: the reader too.
    `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC`,
    `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schema} TO "${role}"`,
    `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO "${role}"`,
    ...(grants?.(`"${role}"`) ?? everyRow(schema, role)),
    ...(reads ? readerGrants(schema, role, reads) : []),
    `REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ${schema}.${HISTORY} FROM "${role}"`,
  ]);
  if (reads) await raiseWall(client, { schema, role, reads, except: HISTORY });
}

const everyRow = (schema: string, role: string): string[] => [
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO "${role}"`,
];

async function createRole(client: pg.Client, role: string, attributes: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  await client.query(`${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE "${role}" ${attributes}`);
}
