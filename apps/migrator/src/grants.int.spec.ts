import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { readerOf, roleName } from '@countersign/migrations';
import { PlainKafka, testBrokers, testDatabase, testTopicPrefix, type TestDatabase } from '@countersign/testing';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const SERVICES = ['approval', 'audit', 'executor', 'gateway', 'planner', 'policy'];
const DENIED = /^permission denied/;

interface Table {
  name: string;
  columns: string[];
}
type Matrix = Record<string, Record<string, string>>;

/** What a role may do to a table, found by trying: nothing of it stays. */
async function rightsOf(client: pg.Client, { name, columns }: Table): Promise<string> {
  const rights: string[] = [];
  const of = async (right: string, whole: string, one?: (column: string) => string) => {
    if (await may(client, whole)) return void rights.push(right);
    const some: string[] = [];
    for (const column of one ? columns : []) if (await may(client, one!(`"${column}"`))) some.push(column);
    if (some.length > 0) rights.push(`${right} (${some.sort().join(', ')})`);
  };
  await of('SELECT', `SELECT * FROM ${name}`, (column) => `SELECT ${column} FROM ${name}`);
  await of(
    'INSERT',
    `INSERT INTO ${name} DEFAULT VALUES`,
    (column) => `INSERT INTO ${name} (${column}) VALUES (DEFAULT)`,
  );
  const assigned = columns.map((column) => `"${column}" = DEFAULT`).join(', ');
  await of('UPDATE', `UPDATE ${name} SET ${assigned}`, (column) => `UPDATE ${name} SET ${column} = DEFAULT`);
  await of('DELETE', `DELETE FROM ${name}`);
  await of('TRUNCATE', `TRUNCATE ${name}`);
  return rights.join(', ');
}

async function may(client: pg.Client, sql: string): Promise<boolean> {
  await client.query('SAVEPOINT tried');
  try {
    await client.query(sql);
    return true;
  } catch (error) {
    return !DENIED.test((error as Error).message);
  } finally {
    await client.query('ROLLBACK TO tried');
  }
}

/** The tables of docs/database-grants.md: under each role's heading a row a table, or a function. */
function declared(): Matrix {
  const matrix: Matrix = {};
  let role = '';
  for (const line of fs.readFileSync(path.join(ROOT, 'docs/database-grants.md'), 'utf8').split('\n')) {
    role = /^## `(.+)`$/.exec(line)?.[1] ?? role;
    const row = /^\| `(.+)` \| (.+) \|$/.exec(line);
    if (row) (matrix[role] ??= {})[row[1]!] = row[2]!.trim();
  }
  return matrix;
}

describe('what each service may do in the database', () => {
  let database: TestDatabase;
  let plain: PlainKafka;
  let client: pg.Client;
  const prefix = testTopicPrefix();
  const roles = () => SERVICES.flatMap((service) => [service, readerOf(service)]);
  const roleOf = (role: string) => roleName(database.name, role);

  beforeAll(async () => {
    database = await testDatabase();
    plain = await PlainKafka.connect();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'grants-'));
    const passwords = path.join(folder, 'passwords.json');
    const each = SERVICES.map((service) => [service, 'a-password-of-the-test']);
    fs.writeFileSync(passwords, JSON.stringify(Object.fromEntries(each)));
    const told = { DATABASE_URL: database.url, MIGRATOR_PASSWORDS: passwords };
    const kafka = { KAFKA_BROKERS: testBrokers().join(','), TOPIC_PREFIX: prefix };
    const env = { PATH: process.env['PATH'], ...told, ...kafka };
    await promisify(execFile)(process.execPath, [path.join(ROOT, 'apps/migrator/dist/main.js')], { env });
    fs.rmSync(folder, { recursive: true });
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await plain.deleteTopics(prefix);
    await plain.close();
    await database.drop();
    for (const role of roles()) await database.dropRole(roleOf(role));
  });

  const known = async (): Promise<string[]> => {
    const there = await client.query<{ name: string }>('SELECT rolname AS name FROM pg_roles');
    const names = new Set(there.rows.map(({ name }) => name));
    return roles().filter((role) => names.has(roleOf(role)));
  };
  const tables = async (): Promise<Table[]> => {
    const { rows } = await client.query<Table>(`
      SELECT n.nspname || '.' || c.relname AS name, array_agg(a.attname::text) AS columns
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND a.attnum > 0 AND NOT a.attisdropped
      GROUP BY 1 ORDER BY 1`);
    return rows;
  };
  const functions = async (role: string): Promise<[string, string][]> => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT n.nspname || '.' || p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND has_schema_privilege($1, n.oid, 'USAGE')
         AND has_function_privilege($1, p.oid, 'EXECUTE') AND p.prorettype <> 'trigger'::regtype ORDER BY 1`,
      [roleOf(role)],
    );
    return rows.map(({ name }) => [`${name}()`, 'EXECUTE']);
  };

  it('is what docs/database-grants.md says, each role, table and right tried', async () => {
    const found: Matrix = {};
    let cells = 0;
    for (const role of await known()) {
      await client.query('BEGIN');
      await client.query(`SET LOCAL ROLE "${roleOf(role)}"`);
      const rights: [string, string][] = [];
      for (const table of await tables()) {
        cells += 5;
        rights.push([table.name, await rightsOf(client, table)]);
      }
      await client.query('ROLLBACK');
      // Functions of triggers are called by nobody.
      const all = [...rights.filter(([, right]) => right), ...(await functions(role))];
      if (all.length > 0) found[role] = Object.fromEntries(all);
    }
    expect(cells).toBeGreaterThan(1000);
    expect(found).toEqual(declared());
  });

  it('owns nothing, makes nothing, and is no more than itself', async () => {
    const names = (await known()).map(roleOf);
    const { rows } = await client.query(
      `SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)
         AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
       UNION ALL SELECT tableowner FROM pg_tables WHERE tableowner = ANY ($1)
       UNION ALL SELECT r FROM unnest($1::text[]) AS r, pg_namespace n WHERE has_schema_privilege(r, n.oid, 'CREATE')
       UNION ALL SELECT r FROM unnest($1::text[]) AS r WHERE has_database_privilege(r, current_database(), 'CREATE, TEMP')`,
      [names],
    );
    expect(rows).toEqual([]);
  });
});
