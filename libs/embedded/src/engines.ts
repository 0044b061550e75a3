import fs from 'node:fs';
import path from 'node:path';
import { DataDir } from './data-dir.js';
import { startKafka, type Kafka } from './kafka.js';
import { startPostgres, type Postgres } from './postgres.js';
import { isAlive } from './ports.js';
import { cacheDir } from './repo-root.js';
import { Supervisor } from './supervisor.js';

export interface Engines {
  kafka: Kafka;
  postgres: Postgres;
  supervisor: Supervisor;
  stop(): Promise<void>;
}

/** A fresh folder for data that goes with the process that asks. What processes that were killed left is swept away. */
export function throwawayDir(what: string): string {
  fs.mkdirSync(cacheDir(), { recursive: true });
  for (const name of fs.readdirSync(cacheDir())) {
    const owner = /^(?:run|engines)-(\d+)-/.exec(name)?.[1];
    if (owner && !isAlive(Number(owner))) fs.rmSync(path.join(cacheDir(), name), { recursive: true, force: true });
  }
  return fs.mkdtempSync(path.join(cacheDir(), `${what}-${process.pid}-`));
}

/** What `start` starts on throwaway data: no fsync, ended at once and removed by `stop`. */
async function throwaway<T extends object>(
  start: (on: { data: DataDir; supervisor: Supervisor; throwaway: true }) => Promise<T>,
): Promise<T & Pick<Engines, 'supervisor' | 'stop'>> {
  const data = await DataDir.take(throwawayDir('engines'));
  const supervisor = new Supervisor(data);
  const stop = async (): Promise<void> => {
    await supervisor.close();
    data.release();
    data.remove();
  };
  try {
    return { ...(await start({ data, supervisor, throwaway: true })), supervisor, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * A real Kafka and a real PostgreSQL on throwaway data, for tests.
 *
 * @example
 * const engines = await startThrowawayEngines();
 * const client = new Kafka({ brokers: [engines.kafka.brokers] });
 * await engines.stop();
 */
export const startThrowawayEngines = (): Promise<Engines> =>
  throwaway(async ({ data, ...on }) => {
    const [kafka, postgres] = await Promise.all([
      startKafka({ dir: data.child('kafka'), ...on }),
      startPostgres({ dir: data.child('postgres'), fsync: false, ...on }),
    ]);
    return { kafka, postgres };
  });

/** Kafka alone, of so many nodes: `kafka-1` and so on in its supervisor. */
export const startThrowawayKafka = (nodes: number): Promise<Omit<Engines, 'postgres'>> =>
  throwaway(async ({ data, ...on }) => ({ kafka: await startKafka({ dir: data.child('kafka'), nodes, ...on }) }));

/** PostgreSQL alone. */
export const startThrowawayPostgres = (): Promise<Omit<Engines, 'kafka'>> =>
  throwaway(async ({ data, ...on }) => ({
    postgres: await startPostgres({ dir: data.child('postgres'), fsync: false, ...on }),
  }));
