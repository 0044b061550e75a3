import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { repoRoot } from '@countersign/embedded/places';

/** What a figure can't be read without. */
export interface MachineFacts {
  at: string;
  commit: string;
  cores: number;
  cpu: string;
  memoryGiB: number;
  platform: string;
  node: string;
  kafka: string;
  postgres?: string;
  /** Of the machine, over the last minute, before anything was started. */
  loadAverage: number;
}

export function machineFacts(): MachineFacts {
  const pom = fs.readFileSync(path.join(repoRoot(), 'deploy/kafka/pom.xml'), 'utf8');
  return {
    at: new Date().toISOString(),
    commit: commit(),
    cores: os.availableParallelism(),
    cpu: os.cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node,
    kafka: /<artifactId>kafka_[\d.]+<\/artifactId><version>([\d.]+)</.exec(pom)?.[1] ?? 'unknown',
    loadAverage: os.loadavg()[0] ?? Number.NaN,
  };
}

export async function postgresVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? 'unknown';
  } finally {
    await client.end();
  }
}

/** A copy without git has none. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: repoRoot(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain') ? ', changed' : ''}`;
  } catch {
    return 'unknown';
  }
}

export const tellMachine = (facts: MachineFacts): string =>
  `machine  ${facts.cores} cores (${facts.cpu}), ${facts.memoryGiB} GiB, ${facts.platform}, load ${facts.loadAverage.toFixed(1)} before; ` +
  `Node ${facts.node}, Kafka ${facts.kafka}, PostgreSQL ${facts.postgres ?? 'not started'}; commit ${facts.commit}`;
