import { createHash } from 'node:crypto';
import pg from 'pg';
import { commands } from './commands.js';
import { deskCommands } from './desk-commands.js';
import { records } from './records.js';
import { deskSchema, keysEnd, schema } from './schema.js';
import { deskSeed, seed } from './seed.js';

const dropFunctions = `
do $$ declare f regprocedure; begin
  for f in select oid from pg_proc where pronamespace = current_schema()::regnamespace and prokind = 'f' and prorettype <> 'trigger'::regtype
  loop execute 'drop function ' || f || ' cascade'; end loop;
end $$;`;
const functions = dropFunctions + records + commands + deskCommands;

/** Each once and in this order; the functions anew whenever their text changes. */
const migrations = [
  { id: '001-schema', sql: schema },
  { id: '003-seed', sql: seed },
  { id: '004-desk', sql: deskSchema },
  { id: '005-desk-seed', sql: deskSeed },
  { id: '006-keys-end', sql: keysEnd },
  { id: `functions-${createHash('sha256').update(functions).digest('hex').slice(0, 16)}`, sql: functions },
];
const MIGRATION_LOCK = 7_301_001;

/** Brings the database to the newest migration, once, however many instances start together. */
export async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query(
      'create table if not exists migrations (id text primary key, applied_at timestamptz default now())',
    );
    const done = await client.query<{ id: string }>('select id from migrations');
    const applied = new Set(done.rows.map((row) => row.id));
    for (const migration of migrations.filter(({ id }) => !applied.has(id))) {
      await client.query(migration.sql);
      await client.query('insert into migrations (id) values ($1)', [migration.id]);
    }
    await client.query('commit');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

export interface PoolSettings {
  url: string;
  size: number;
  /** For so long a key is remembered. */
  keyLifetimeMs: number;
  /** Hears of idle connections that break; the pool replaces them by itself. */
  onError: (error: Error) => void;
}

export function openPool({ url, size, keyLifetimeMs, onError }: PoolSettings): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    application_name: 'helpdesk',
    options: `-c helpdesk.key_lifetime_ms=${keyLifetimeMs}`,
    connectionTimeoutMillis: 5_000,
  });
  pool.on('error', onError);
  return pool;
}
