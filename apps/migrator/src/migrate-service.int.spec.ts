import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { testDatabase, type TestDatabase } from '@countersign/testing';

import { migrateService, roleName } from '@countersign/migrations';

class MakeNotes1700000000000 implements MigrationInterface {
  name = 'MakeNotes1700000000000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE notes (id bigserial PRIMARY KEY, text text NOT NULL)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE notes');
  }
}

const migrations = [MakeNotes1700000000000];
const password = 'a-password-of-the-test';

describe('a service schema (the numbers are those of migrate-service.ts)', () => {
  let database: TestDatabase;
  const migrate = (service: string, grants?: (role: string) => string[]) =>
    migrateService({ databaseUrl: database.url, service, password, migrations, grants });
  const as = async (service: string, sql: string): Promise<string> => {
    const url = new URL(database.url);
    url.username = roleName(database.name, service);
    url.password = password;
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    try {
      return ((await client.query(sql)).rowCount ?? 0).toString();
    } catch (error) {
      return (error as Error).message;
    } finally {
      await client.end();
    }
  };
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(async () => {
    await database.drop();
    await database.dropRole(roleName(database.name, 'one'));
    await database.dropRole(roleName(database.name, 'two'));
  });

  it('is made once, and a second run changes nothing (3)', async () => {
    expect(await migrate('one')).toEqual(['MakeNotes1700000000000']);
    expect(await migrate('one')).toEqual([]);
  });

  it('lets the role read and write its own rows without naming the schema (1)', async () => {
    await migrate('one');
    expect(await as('one', `INSERT INTO notes (text) VALUES ('a')`)).toBe('1');
    expect(await as('one', 'DELETE FROM notes')).toBe('1');
  });

  it('lets the role neither change its tables nor see those of another service (1)', async () => {
    await migrate('one');
    await migrate('two');
    expect(await as('one', 'ALTER TABLE notes ADD COLUMN x int')).toBe('must be owner of table notes');
    expect(await as('one', 'CREATE TABLE mine (id int)')).toBe('permission denied for schema one');
    expect(await as('one', 'SELECT * FROM two.notes')).toBe('permission denied for schema two');
  });

  it('lets the role not touch the history of migrations (2)', async () => {
    await migrate('one');
    expect(await as('one', 'DELETE FROM migrations')).toBe('permission denied for table migrations');
  });

  it('gives the rights that are named, and takes back those that are not named any more (2)', async () => {
    await migrate('one');
    await migrate('one', (role) => [`GRANT SELECT, INSERT ON notes TO ${role}`]);
    expect(await as('one', `INSERT INTO notes (text) VALUES ('b')`)).toBe('1');
    expect(await as('one', 'DELETE FROM notes')).toBe('permission denied for table notes');
  });
});
