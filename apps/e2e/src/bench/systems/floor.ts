import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { System } from '@countersign/embedded';
import type { LoadDriver, Pipeline } from '../load.js';
import { refund } from './refund.js';
import type { Pushed, SystemUnderTest } from './under-test.js';

const TIMEOUT_MS = 120_000;

/** The raw floor: four hops of kafkajs and nothing else. No effect, no database: nobody could do less. */
export class Floor implements SystemUnderTest {
  readonly name = 'raw floor';

  private constructor(
    private readonly system: System,
    private readonly driver: LoadDriver,
    private readonly pipeline: Pipeline,
    private readonly hops: ChildProcess[],
  ) {}

  static async start(system: System, driver: LoadDriver, run: string): Promise<Floor> {
    const topics = [0, 1, 2, 3, 4].map((hop) => `floor-${run}-${hop}`);
    await driver.admin.createTopics({
      waitForLeaders: true,
      topics: topics.map((topic) => ({ topic, numPartitions: 4 })),
    });
    const script = path.join(import.meta.dirname, 'hop.js');
    const hops = topics.slice(1).map((to, hop) =>
      spawn(
        process.execPath,
        ['--disable-warning=TimeoutNegativeWarning', script, system.urls.kafka, topics[hop] ?? '', to],
        {
          stdio: ['pipe', 'pipe', 'inherit'],
        },
      ),
    );
    await Promise.all(hops.map((child) => new Promise((resolve) => child.stdout.once('data', resolve))));
    let sequence = 0;
    const pipeline: Pipeline = {
      name: 'raw floor',
      input: topics[0] ?? '',
      output: topics[4] ?? '',
      make: (n) => Array.from({ length: n }, () => messageOf(`f-${run}-${sequence++}`)),
      idOf: (headers) => String(headers['ce_id']),
    };
    return new Floor(system, driver, pipeline, hops);
  }

  readonly pids = () => ({
    hops: this.hops.flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
    kafka: this.system.pids()['kafka'] ?? [],
  });

  async approved(n: number): Promise<Pushed> {
    const { rate } = await this.driver.throughput(this.pipeline, n, TIMEOUT_MS);
    return { rate, actions: n };
  }

  steady(perSecond: number, seconds: number): Promise<number[]> {
    return this.driver.latency(this.pipeline, perSecond, seconds);
  }

  async stop(): Promise<void> {
    const ended = this.hops.map(
      (child) => new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(undefined))),
    );
    for (const child of this.hops) child.kill('SIGTERM');
    await Promise.all(ended);
  }
}

/** It carries what an intent carries: the same value and headers of the same size. */
function messageOf(id: string) {
  const headers = {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: '/bench',
    ce_type: 'countersign.action.requested.v1',
    authorization: `Bearer ${'x'.repeat(700)}`,
  };
  const value = { workflow: 'support-desk', session: 's-0', tool: 'issue_refund', arguments: refund(0) };
  return { id, message: { key: `acme/${id}`, value: JSON.stringify(value), headers } };
}
