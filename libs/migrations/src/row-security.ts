/*
 * The second wall between tenants, in a schema whose rows people read over HTTP (the first is each query's own condition).
 * 1. Every table of it but the migrations' history has row-level security, forced: its owner passes it no more than others do.
 * 2. The service's role works on the rows of all tenants, as a batch of records needs, as far as its grants go.
 * 3. People's questions are asked in another role, which cannot log in and whose rights the service's role does not have unless
 *    it takes its place for one transaction (`readAs`). It may select from the tables that `reads` names and from no other, and
 *    of these it sees rows of the tenant that the transaction named; if none was named, none.
 * 4. A table nobody thought of, and a partition asked by its own name, are closed to it.
 */
import type { Client } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { READER_SUFFIX, readerOf } from './roles.js';

/** Of each table that people's questions may look into: which rows are a tenant's, given the SQL that stands for the tenant. */
export type TenantReads = Readonly<Record<string, (tenant: string) => string>>;

const SETTING = 'countersign.tenant';
/** Once a query, not once a row. What was named in an earlier transaction of the connection reads as empty: nobody's. */
const NAMED = `(SELECT nullif(current_setting('${SETTING}', true), ''))`;

/** No question of a person's holds a connection for longer; `ALTER ROLE … SET countersign.read_timeout` says otherwise. */
const LIMIT = `coalesce(nullif(current_setting('countersign.read_timeout', true), ''), '20s')`;

/**
 * Asks the database in the name of one tenant: one transaction that reads only, and sees of the tables of `reads` nothing of
 * anybody else's.
 *
 * @param tenant from the caller's verified token, never from what a caller says
 * @example
 * const rows = await readAs(source, person.tenant, (manager) => manager.getRepository(Row).find());
 */
export function readAs<T>(source: DataSource, tenant: string, read: (rows: EntityManager) => Promise<T>): Promise<T> {
  return source.transaction(async (manager) => {
    await manager.query(
      `SELECT set_config('transaction_read_only', 'on', true), set_config('role', session_user || '${READER_SUFFIX}', true), set_config('${SETTING}', $1, true), set_config('statement_timeout', ${LIMIT}, true)`,
      [tenant],
    );
    return read(manager);
  });
}

interface Table {
  name: string;
  partition: boolean;
  walled: boolean;
}

/** Puts the wall up, table by table: each in a transaction of its own, so that it waits for no two locks at once. */
export async function raiseWall(
  client: Client,
  { schema, role, reads, except }: { schema: string; role: string; reads: TenantReads; except: string },
): Promise<void> {
  const reader = readerOf(role);
  for (const table of await tablesOf(client, schema, except)) {
    const name = `${schema}."${table.name}"`;
    const isRead = reads[table.name]?.(NAMED);
    await inTransaction(client, [
      ...(table.walled ? [] : [`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`]),
      ...(await policiesOf(client, schema, table.name)).map((policy) => `DROP POLICY "${policy}" ON ${name}`),
      ...(table.partition ? [] : [`CREATE POLICY service ON ${name} TO "${role}" USING (true) WITH CHECK (true)`]),
      ...(isRead ? [`CREATE POLICY tenant ON ${name} FOR SELECT TO "${reader}" USING (${isRead})`] : []),
    ]);
  }
}

/** The statements that give the reading role its rights, and the service's role the right to take its place. */
export function readerGrants(schema: string, role: string, reads: TenantReads): string[] {
  const reader = readerOf(role);
  return [
    `GRANT "${reader}" TO "${role}" WITH INHERIT FALSE, SET TRUE`,
    `GRANT USAGE ON SCHEMA ${schema} TO "${reader}"`,
    `REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM "${reader}"`,
    ...Object.keys(reads).map((table) => `GRANT SELECT ON ${schema}."${table}" TO "${reader}"`),
  ];
}

async function tablesOf(client: Client, schema: string, except: string): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `SELECT relname AS name, relispartition AS partition, relrowsecurity AND relforcerowsecurity AS walled
       FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p') AND relname <> $2 ORDER BY relname`,
    [schema, except],
  );
  return rows;
}

async function policiesOf(client: Client, schema: string, table: string): Promise<string[]> {
  const select = 'SELECT policyname AS name FROM pg_policies WHERE schemaname = $1 AND tablename = $2';
  const { rows } = await client.query<{ name: string }>(select, [schema, table]);
  return rows.map(({ name }) => name);
}

export async function inTransaction(client: Client, statements: string[]): Promise<void> {
  await client.query('BEGIN');
  try {
    for (const statement of statements) await client.query(statement);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
