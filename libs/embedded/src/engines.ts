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

/**
 * A real Kafka and a real PostgreSQL on throwaway data, for tests: no fsync, ended at once and removed by `stop`.
 *
 * @example
 * const engines = await startThrowawayEngines();
 * const client = new Kafka({ brokers: [engines.kafka.brokers] });
 * await engines.stop();
 */
export async function startThrowawayEngines(): Promise<Engines> {
  const data = await DataDir.take(throwawayDir('engines'));
  const supervisor = new Supervisor(data);
  const stop = async (): Promise<void> => {
    await supervisor.close();
    data.release();
    data.remove();
  };
  try {
    const common = { supervisor, throwaway: true };
    const [kafka, postgres] = await Promise.all([
      startKafka({ dir: data.child('kafka'), ...common }),
      startPostgres({ dir: data.child('postgres'), fsync: false, ...common }),
    ]);
    return { kafka, postgres, supervisor, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As `startThrowawayEngines`, Kafka alone, of so many nodes: `kafka-1` and so on in its supervisor. */
export async function startThrowawayKafka(nodes: number): Promise<Omit<Engines, 'postgres'>> {
  const data = await DataDir.take(throwawayDir('engines'));
  const supervisor = new Supervisor(data);
  const stop = async (): Promise<void> => {
    await supervisor.close();
    data.release();
    data.remove();
  };
  try {
    return {
      kafka: await startKafka({ dir: data.child('kafka'), supervisor, nodes, throwaway: true }),
      supervisor,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
