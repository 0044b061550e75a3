import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { freePort, ownsPort, requireFree } from './ports.js';
import type { Supervisor } from './supervisor.js';

export interface PostgresOptions {
  /** Where its data is kept. */
  dir: string;
  supervisor: Supervisor;
  /** A free one by default. */
  port?: number;
  /** Off is faster and may lose data when the machine (not the process) stops. On by default. */
  fsync?: boolean;
  throwaway?: boolean;
}

export interface Postgres {
  /** The superuser's URL of the database `postgres`. */
  url: string;
}

/**
 * Starts PostgreSQL on 127.0.0.1, with a password of its own, and waits until it answers from this data folder.
 *
 * @throws PortInUse when the port named is taken
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const binaries = await postgresBinaries();
  const port = options.port === undefined ? await freePort() : await requireFree(options.port, 'PostgreSQL');
  const dir = path.resolve(options.dir);
  const password = await initialise(binaries, dir, options.fsync ?? true);
  const data = path.join(dir, 'data');
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  await options.supervisor.start({
    name: 'postgres',
    argv: [...binaries.prefix, binaries.postgres, '-D', data, ...settings(port, options.fsync ?? true)],
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
    cwd: dir,
    ...binaries.as,
    stopSignal: options.throwaway ? 'QUIT' : 'INT',
    stopTimeoutMs: 20_000,
    isReady: async (pid) => ownsPort(pid, port) && (await answersFrom(url, data)),
  });
  return { url };
}

function settings(port: number, fsync: boolean): string[] {
  const values: Record<string, string | number> = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 300,
    shared_buffers: '128MB',
    max_wal_size: '2GB',
    jit: 'off',
    max_parallel_workers_per_gather: 0,
    password_encryption: 'scram-sha-256',
    log_min_messages: 'warning',
    // A commit is written out even so: a process may be killed in tests, the machine is not.
    ...(fsync ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Makes the cluster the first time; gives the superuser's password. */
async function initialise(binaries: PostgresBinaries, dir: string, fsync: boolean): Promise<string> {
  fs.mkdirSync(dir, { recursive: true, mode: 0o711 });
  const passwordFile = path.join(dir, 'password');
  const data = path.join(dir, 'data');
  const done = path.join(dir, 'initialised');
  if (fs.existsSync(done)) return fs.readFileSync(passwordFile, 'utf8');
  fs.rmSync(data, { recursive: true, force: true }); // of a first start that was cut off
  const password = randomBytes(18).toString('base64url');
  fs.writeFileSync(passwordFile, password, { mode: 0o600 });
  fs.mkdirSync(data, { mode: 0o700 });
  if (binaries.as.uid !== undefined)
    for (const file of [data, passwordFile]) fs.chownSync(file, binaries.as.uid, binaries.as.gid!);
  const auth = ['--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const cluster = ['--encoding=UTF8', '--locale=C', '--no-instructions', ...(fsync ? [] : ['--no-sync'])];
  const [file, ...args] = [...binaries.prefix, binaries.initdb, '-D', data, '-U', 'postgres', ...auth, ...cluster];
  await promisify(execFile)(file!, args, binaries.as);
  fs.writeFileSync(done, '');
  return password;
}

async function answersFrom(url: string, data: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined); // the connection's end is seen by the query
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    return fs.realpathSync(rows[0]!.data_directory) === fs.realpathSync(data);
  } catch {
    return false; // not up yet: asked again
  } finally {
    await client.end().catch(() => undefined);
  }
}
