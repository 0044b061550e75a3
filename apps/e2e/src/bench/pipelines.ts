import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { intentIdOf, topicName } from '@countersign/contracts';
import { type System } from '@countersign/embedded';
import { devToken } from '@countersign/embedded/places';
import type { LoadDriver, Pipeline } from './load.js';

/** The raw floor: four hops of kafkajs and nothing else. */
export async function startFloor(
  system: System,
  driver: LoadDriver,
  run: string,
): Promise<{ pipeline: Pipeline; stop(): Promise<void> }> {
  const topics = [0, 1, 2, 3, 4].map((hop) => `floor-${run}-${hop}`);
  await driver.admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({ topic, numPartitions: 4 })),
  });
  const script = path.join(import.meta.dirname, 'hop.js');
  const hops = topics.slice(1).map((to, hop) =>
    spawn(process.execPath, [script, system.urls.kafka, topics[hop] ?? '', to], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  await Promise.all(hops.map((child) => new Promise((resolve) => child.stdout.once('data', resolve))));
  let sequence = 0;
  const pipeline: Pipeline = {
    name: 'raw floor',
    input: topics[0] ?? '',
    output: topics[4] ?? '',
    make: (n) => Array.from({ length: n }, () => floorMessage(`f-${run}-${sequence++}`)),
    idOf: (headers) => String(headers['ce_id']),
  };
  return { pipeline, stop: () => stopAll(hops) };
}

/** The floor carries what an intent carries: the same value and headers of the same size. */
function floorMessage(id: string) {
  const headers = {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: '/bench',
    ce_type: 'countersign.action.requested.v1',
    authorization: `Bearer ${'x'.repeat(700)}`,
  };
  return { id, message: { key: `acme/${id}`, value: JSON.stringify(refund(0)), headers } };
}

const refund = (n: number) => ({
  workflow: 'support-desk',
  session: `s-${n % 997}`,
  tool: 'issue_refund',
  arguments: { orderId: `ord_${10_000 + (n % 10_000)}`, amount: '1.00', currency: 'EUR', reason: 'late delivery' },
});

async function stopAll(children: ChildProcess[]): Promise<void> {
  const ended = children.map(
    (child) => new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(undefined))),
  );
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(ended);
}

/** Governed actions that rules approve. The ids of the intents are noted in `published`. */
export async function governed(system: System, run: string, published: string[]): Promise<Pipeline> {
  const tokens = await Promise.all(Array.from({ length: 10 }, () => devToken(system.urls.identity, 'alice')));
  let sequence = 0;
  const one = () => {
    const n = sequence++;
    const id = `b-${run}-${n}`;
    const intentId = intentIdOf('acme', '/bench', id);
    published.push(intentId);
    const data = refund(n);
    const headers = {
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: '/bench',
      ce_type: 'countersign.action.requested.v1',
      'content-type': 'application/json',
      authorization: `Bearer ${tokens[n % tokens.length]}`,
    };
    return { id: intentId, message: { key: `acme/${data.session}`, value: JSON.stringify(data), headers } };
  };
  return {
    name: 'countersign',
    input: topicName('intents'),
    output: topicName('replies'),
    make: (n) => Array.from({ length: n }, one),
    idOf: (headers) => String(headers['ce_correlationid']),
  };
}
