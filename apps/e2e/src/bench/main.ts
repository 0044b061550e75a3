import path from 'node:path';
import { parseArgs } from 'node:util';
import { startSystem, type System } from '@countersign/embedded';
import { releaseUntried } from '@countersign/testing';
import { auditLag, recordFlaws } from './checks.js';
import { LoadDriver, median, percentile, type Pipeline } from './load.js';
import { governed, startFloor } from './pipelines.js';
import { spending } from './spending.js';

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
    /** CPU time alone, without the floor. */
    cpu: { type: 'boolean', default: false },
    /** A folder for a CPU profile of each service. */
    profile: { type: 'string' },
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

async function measure(system: System, driver: LoadDriver, ours: Pipeline, run: string) {
  const rates = { floor: [] as number[], ours: [] as number[] };
  const auditMs: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const floor = await startFloor(system, driver, `${run}-${round}`);
    await driver.throughput(floor.pipeline, 2_000, 60_000);
    rates.floor.push((await driver.throughput(floor.pipeline, FLOOR, 120_000)).rate);
    await floor.stop();
    rates.ours.push((await driver.throughput(ours, ACTIONS, 240_000)).rate);
    auditMs.push(await auditLag(driver, system.topicPrefix, system.urls.postgres));
    say(`round ${round}: floor ${rates.floor.at(-1)?.toFixed(0)}/s, countersign ${rates.ours.at(-1)?.toFixed(0)}/s`);
  }
  const floor = await startFloor(system, driver, `${run}-latency`);
  await driver.throughput(floor.pipeline, 500, 60_000);
  const floorMs = await driver.latency(floor.pipeline, 50, SECONDS);
  await floor.stop();
  say(`latency at 50/s: floor p50 ${percentile(floorMs, 0.5).toFixed(1)} ms`);
  const oursMs = await driver.latency(ours, 50, SECONDS);
  return { rates, auditMs, floorMs, oursMs };
}

function report(measured: Awaited<ReturnType<typeof measure>>) {
  const { rates, auditMs, floorMs, oursMs } = measured;
  const ratios = rates.ours.map((rate, round) => rate / (rates.floor[round] ?? Number.NaN));
  const spread = (values: number[]) =>
    [Math.min(...values), median(values), Math.max(...values)].map((value) => Math.round(value)).join(' / ');
  return {
    throughput: median(ratios),
    latency: percentile(oursMs, 0.5) / percentile(floorMs, 0.5),
    lines: [
      `raw four-hop floor      ${spread(rates.floor)} per second (min / median / max of ${ROUNDS} rounds)`,
      `governed actions        ${spread(rates.ours)} per second`,
      `audit behind            ${spread(auditMs)} ms at the end of a burst, until every record of it is stored`,
      `throughput ratio        ${median(ratios).toFixed(3)} × the floor (at least ${GOALS.throughput})`,
      `latency at 50/s         p50 ${percentile(oursMs, 0.5).toFixed(1)} ms, p99 ${percentile(oursMs, 0.99).toFixed(1)} ms; floor p50 ${percentile(floorMs, 0.5).toFixed(1)} ms, p99 ${percentile(floorMs, 0.99).toFixed(1)} ms`,
      `latency ratio           ${(percentile(oursMs, 0.5) / percentile(floorMs, 0.5)).toFixed(2)} × the floor's p50 (at most ${GOALS.latency})`,
    ],
  };
}

/** Countersign beside the floor; what falls short of the goals. */
async function compared(system: System, driver: LoadDriver, ours: Pipeline, run: string) {
  const { throughput, latency, lines } = report(await measure(system, driver, ours, run));
  const flaws: string[] = [];
  if (throughput < GOALS.throughput)
    flaws.push(`throughput is ${throughput.toFixed(3)} × the floor, below ${GOALS.throughput}`);
  if (!(latency <= GOALS.latency)) flaws.push(`p50 is ${latency.toFixed(2)} × the floor's, above ${GOALS.latency}`);
  return { lines, flaws };
}

/** `PROFILE/SERVICE.cpuprofile`, as Chrome's developer tools read it. */
const profiled = (service: string, folder: string) => [
  '--cpu-prof',
  `--cpu-prof-dir=${path.resolve(folder)}`,
  `--cpu-prof-name=${service}.cpuprofile`,
];

async function main(): Promise<number> {
  const system = await startSystem({
    releases: false,
    ...(options.profile && { nodeFlags: (service) => profiled(service, options.profile!) }),
    onProgress: ({ step, seconds }) => (seconds === undefined ? undefined : say(`${step} in ${seconds.toFixed(1)} s`)),
  });
  try {
    await releaseUntried(system);
    const driver = await LoadDriver.connect(system.urls.kafka);
    const published: string[] = [];
    const run = Date.now().toString(36);
    const ours = await governed(system, run, published);
    say('warming up');
    await driver.throughput(ours, Math.min(1_000, ACTIONS), 120_000);
    const { lines, flaws } = options.cpu
      ? { lines: [] as string[], flaws: [] as string[] }
      : await compared(system, driver, ours, run);
    say('counting CPU time');
    lines.push(...(await spending(system, driver, ours, options.quick ? 1 : 3)));
    say('counting ledger, signatures and audit rows');
    const { signatures, rows, flaws: found } = await recordFlaws(system, driver, published);
    const line = `checked                 ${published.length} effects in the ledger, ${signatures} signatures, ${rows} audit rows`;
    flaws.push(...found);
    await driver.close();
    console.log([...lines, line].join('\n'));
    for (const flaw of flaws) console.log(`FAILED: ${flaw}`);
    return flaws.length === 0 ? 0 : 3;
  } finally {
    await system.stop();
  }
}

process.exitCode = await main();
