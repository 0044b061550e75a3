import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { intentIdOf, topicName } from '@countersign/contracts';
import { devToken, startSystem, type System } from '@countersign/embedded';
import { PlainKafka } from '@countersign/testing';
import { auditFlaws, ledgerFlaws, signatureFlaws } from './checks.js';
import { LoadDriver, median, percentile, type Pipeline } from './load.js';

/**
 * Countersign beside the raw floor (a four-hop kafkajs pipeline), in turn, in one run on one broker: governed actions that
 * rules approve and that commit to helpdesk over HTTP. Only the ratios mean something; machines are shared.
 */
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    actions: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const ROUNDS = Number(options.rounds ?? (options.quick ? 2 : 5));
const ACTIONS = Number(options.actions ?? (options.quick ? 3_000 : 10_000));
const FLOOR = ACTIONS * 5;
const SECONDS = options.quick ? 10 : 30;
const GOALS = { throughput: 0.08, latency: 4 };

const started = performance.now();
const say = (text: string) =>
  console.error(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);

async function startFloor(
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

function governed(tokens: string[], run: string, published: string[]): Pipeline {
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

async function measure(system: System, driver: LoadDriver, run: string, published: string[]) {
  const tokens = await Promise.all(Array.from({ length: 10 }, () => devToken(system.urls.identity, 'alice')));
  const ours = governed(tokens, run, published);
  say('warming up');
  await driver.throughput(ours, Math.min(1_000, ACTIONS), 120_000);
  const rates = { floor: [] as number[], ours: [] as number[] };
  for (let round = 1; round <= ROUNDS; round++) {
    const floor = await startFloor(system, driver, `${run}-${round}`);
    await driver.throughput(floor.pipeline, 2_000, 60_000);
    rates.floor.push((await driver.throughput(floor.pipeline, FLOOR, 120_000)).rate);
    await floor.stop();
    rates.ours.push((await driver.throughput(ours, ACTIONS, 240_000)).rate);
    say(`round ${round}: floor ${rates.floor.at(-1)?.toFixed(0)}/s, countersign ${rates.ours.at(-1)?.toFixed(0)}/s`);
  }
  const floor = await startFloor(system, driver, `${run}-latency`);
  await driver.throughput(floor.pipeline, 500, 60_000);
  const floorMs = await driver.latency(floor.pipeline, 50, SECONDS);
  await floor.stop();
  say(`latency at 50/s: floor p50 ${percentile(floorMs, 0.5).toFixed(1)} ms`);
  const oursMs = await driver.latency(ours, 50, SECONDS);
  return { rates, floorMs, oursMs };
}

function report(measured: Awaited<ReturnType<typeof measure>>) {
  const { rates, floorMs, oursMs } = measured;
  const ratios = rates.ours.map((rate, round) => rate / (rates.floor[round] ?? Number.NaN));
  const spread = (values: number[]) =>
    [Math.min(...values), median(values), Math.max(...values)].map((value) => Math.round(value)).join(' / ');
  return {
    throughput: median(ratios),
    latency: percentile(oursMs, 0.5) / percentile(floorMs, 0.5),
    lines: [
      `raw four-hop floor      ${spread(rates.floor)} per second (min / median / max of ${ROUNDS} rounds)`,
      `governed actions        ${spread(rates.ours)} per second`,
      `throughput ratio        ${median(ratios).toFixed(3)} × the floor (at least ${GOALS.throughput})`,
      `latency at 50/s         p50 ${percentile(oursMs, 0.5).toFixed(1)} ms, p99 ${percentile(oursMs, 0.99).toFixed(1)} ms; floor p50 ${percentile(floorMs, 0.5).toFixed(1)} ms, p99 ${percentile(floorMs, 0.99).toFixed(1)} ms`,
      `latency ratio           ${(percentile(oursMs, 0.5) / percentile(floorMs, 0.5)).toFixed(2)} × the floor's p50 (at most ${GOALS.latency})`,
    ],
  };
}

async function main(): Promise<number> {
  const system = await startSystem({
    onProgress: ({ step, seconds }) => (seconds === undefined ? undefined : say(`${step} in ${seconds.toFixed(1)} s`)),
  });
  try {
    const driver = await LoadDriver.connect(system.urls.kafka);
    const published: string[] = [];
    const measured = await measure(system, driver, Date.now().toString(36), published);
    say('counting ledger, signatures and audit rows');
    const plain = await PlainKafka.connect(system.urls.kafka.split(','));
    const audit = await auditFlaws(driver, system.topicPrefix, system.urls.postgres);
    const signatures = await signatureFlaws(plain, system.topicPrefix, path.join(system.dataDir, 'keys', 'policy'));
    const flaws = [...(await ledgerFlaws(system.urls.helpdesk, published)), ...signatures.flaws, ...audit.flaws];
    await Promise.all([plain.close(), driver.close()]);
    const { throughput, latency, lines } = report(measured);
    console.log(
      [
        ...lines,
        `checked                 ${published.length} effects in the ledger, ${signatures.checked} signatures, ${audit.rows} audit rows`,
      ].join('\n'),
    );
    if (throughput < GOALS.throughput)
      flaws.push(`throughput is ${throughput.toFixed(3)} × the floor, below ${GOALS.throughput}`);
    if (!(latency <= GOALS.latency)) flaws.push(`p50 is ${latency.toFixed(2)} × the floor's, above ${GOALS.latency}`);
    for (const flaw of flaws) console.log(`FAILED: ${flaw}`);
    return flaws.length === 0 ? 0 : 3;
  } finally {
    await system.stop();
  }
}

process.exitCode = await main();
