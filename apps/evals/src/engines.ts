import { randomBytes } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import { answersReady, DataDir, freePort, startPostgres, Supervisor, throwawayDir } from '@countersign/embedded';
import { repoRoot } from '@countersign/embedded/places';
import { migrateShared } from '@countersign/migrations';
import type { SealingSql } from '@countersign/sealing';
import { sealing } from '@countersign/sealing/migrations';
import { Ends } from './ends.js';
import { RecordedTools } from './recorded-tools.js';
import { SystemOfRecord } from './system-of-record.js';

export interface Engines {
  /** The migrated store of sealed values, in a database of the run's own. */
  sealing: SealingSql;
  /** By the name that tools have for it. */
  systems: ReadonlyMap<string, SystemOfRecord>;
  /** Of the stand-in, if it was asked for. */
  standInUrl?: string;
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** Of who may make and drop databases; an embedded PostgreSQL otherwise. */
  databaseUrl?: string | undefined;
  /** Targets that the tools name. */
  targets: ReadonlySet<string>;
  /** Those of them that are somebody else's tool servers: no case acts on one, its answers are recorded. */
  recorded: ReadonlySet<string>;
  standIn: boolean;
  env: NodeJS.ProcessEnv;
}

const REFERENCE = 'helpdesk';
const POOL = 12;
const SEALING_POOL = 4;

/** What a run needs beside its own process. All of it goes with `stop`, and with this process. */
export function startEngines({ databaseUrl, targets, recorded, standIn, env }: EngineOptions): Promise<Engines> {
  const ends = new Ends();
  return ends.guard(async () => {
    const data = await DataDir.take(throwawayDir('engines'));
    const supervisor = new Supervisor(data);
    ends.add(async () => {
      await supervisor.close();
      data.release();
      data.remove();
    });
    const own = () => startPostgres({ dir: data.child('postgres'), supervisor, fsync: false, throwaway: true });
    const admin = databaseUrl ?? (await own()).url;
    const [sealingUrl, deskUrl] = await Promise.all([freshDatabase(admin, ends), freshDatabase(admin, ends)]);
    const pool = new pg.Pool({ connectionString: sealingUrl, max: SEALING_POOL });
    ends.add(() => pool.end());
    const systems = new Map<string, SystemOfRecord>();
    ends.add(() => Promise.all([...systems.values()].map((system) => system.stop())));
    const [standInUrl] = await Promise.all([
      standIn ? startStandIn(supervisor) : undefined,
      migrateShared(sealingUrl, sealing),
      ...[...targets].map(async (name) => {
        const made = recorded.has(name) ? recordedOne(name, ends) : systemOf(name, env, supervisor, deskUrl);
        systems.set(name, await made);
      }),
    ]);
    return { sealing: sqlOver(pool), systems, ...(standInUrl ? { standInUrl } : {}), stop: () => ends.close() };
  });
}

/** One that runs already, as `<NAME>_URL` and `<NAME>_FIXTURES_TOKEN` say; the reference one is started otherwise. */
async function systemOf(
  name: string,
  env: NodeJS.ProcessEnv,
  supervisor: Supervisor,
  databaseUrl: string,
): Promise<SystemOfRecord> {
  const variable = name.toUpperCase().replaceAll('-', '_');
  const [url, secret] = [env[`${variable}_URL`], env[`${variable}_FIXTURES_TOKEN`]];
  if (url && secret) return new SystemOfRecord(name, url, secret);
  if (name !== REFERENCE || url)
    throw new Error(
      `the tools act on ${name}: start one with fixtures on and name it with ${variable}_URL and ${variable}_FIXTURES_TOKEN (docs/evals.md)`,
    );
  const made = randomBytes(24).toString('base64url');
  const settings = { HELPDESK_FIXTURES: 'on', HELPDESK_FIXTURES_TOKEN: made, HELPDESK_POOL_SIZE: String(POOL) };
  return new SystemOfRecord(
    name,
    await startApp(supervisor, 'helpdesk', { ...settings, DATABASE_URL: databaseUrl }),
    made,
  );
}

async function recordedOne(name: string, ends: Ends): Promise<SystemOfRecord> {
  const tools = await RecordedTools.start();
  ends.add(() => tools.stop());
  return new SystemOfRecord(name, tools.url, tools.secret);
}

const startStandIn = async (supervisor: Supervisor) => `${await startApp(supervisor, 'stand-in-model', {})}/v1`;

async function startApp(supervisor: Supervisor, app: string, settings: Record<string, string>): Promise<string> {
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'] ?? '',
    // What is loaded into this process is loaded into that of the target.
    NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
    HOST: '127.0.0.1',
    PORT: String(port),
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
  };
  await supervisor.start({
    ...{ name: app, argv: [process.execPath, path.join(repoRoot(), 'apps', app, 'dist/main.js')] },
    env: { ...env, ...settings },
    stopSignal: 'KILL',
    isReady: () => answersReady(port),
  });
  return `http://127.0.0.1:${port}`;
}

async function freshDatabase(admin: string, ends: Ends): Promise<string> {
  const name = `evals_${randomBytes(6).toString('hex')}`;
  await asAdmin(admin, `CREATE DATABASE ${name}`);
  ends.add(() => asAdmin(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return url.href;
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const sqlOver = (pool: pg.Pool): SealingSql => ({
  query: async <R extends object>(name: string, text: string, values: unknown[]) =>
    (await pool.query<R>({ name, text, values })).rows,
});
