import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { engineUrl } from './test-engines.js';

export interface TestDatabase {
  name: string;
  /** Of the database's owner, a superuser. */
  url: string;
  drop(): Promise<void>;
  /** Roles belong to the server: one made for this database is dropped after it. */
  dropRole(role: string): Promise<void>;
}

/**
 * A fresh, empty database on the run's PostgreSQL; `drop` it in `afterAll`.
 *
 * @example
 * const database = await testDatabase();
 * const pool = new pg.Pool({ connectionString: database.url });
 */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name}`);
  const url = new URL(engineUrl('postgres'));
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    // The server gives connections that are being closed some seconds first: one ended by force is an error in its client.
    drop: () =>
      onServer(`DROP DATABASE IF EXISTS ${name}`).catch(() => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
    dropRole: (role) => onServer(`DROP ROLE IF EXISTS "${role}"`),
  };
}

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: engineUrl('postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
