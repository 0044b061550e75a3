import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { startSystem, type System } from '@countersign/embedded';
import { releaseUntried } from '@countersign/testing';
import { recordFlaws } from '../bench/checks.js';
import { keysOfIntents } from '../bench/ledger.js';
import { spentBy, told, total } from '../bench/cpu.js';
import { LoadDriver } from '../bench/load.js';
import { median } from '../bench/statistics.js';
import { governed } from '../bench/systems/countersign.js';
import type { Finding } from '../finding.js';
import { storedBy, toldStored } from './stored.js';

const COUNTS = [1, 2, 4];
const ROUNDS = 3;
type Say = (text: string) => void;

/** Of all cores since the machine started, in ticks. */
function machine(): { busy: number; all: number } {
  const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/);
  const numbers = ticks.slice(0, 8).map(Number);
  const all = numbers.reduce((sum, number) => sum + number, 0);
  return { busy: all - (numbers[3] ?? 0) - (numbers[4] ?? 0), all };
}

/**
 * Bursts of governed refunds with one, two and four policies and executors: actions a second, CPU time an action and how busy the machine was. Where
 * it is busy all the time more instances give nothing; where it is not, what they wait for is the limit. And what an action leaves on disk.
 *
 * @param actions in each burst
 */
export async function instances(actions: number, say: Say): Promise<Finding> {
  const figures: Finding['figures'] = { cores: availableParallelism() };
  const flaws: string[] = [];
  for (const count of COUNTS) {
    say(`${count} of policy and of executor`);
    const system = await startSystem({ releases: false, instances: { policy: count, executor: count } });
    try {
      const { line, stored, found } = await measured(system, actions, say);
      figures[`${count} of each`] = line;
      if (count === 1) figures['kept of an action'] = stored;
      flaws.push(...found.map((flaw) => `${count} of each: ${flaw}`));
    } finally {
      await system.stop();
    }
  }
  return { figures, flaws };
}

async function measured(
  system: System,
  actions: number,
  say: Say,
): Promise<{ line: string; stored: string; found: string[] }> {
  await releaseUntried(system);
  const driver = await LoadDriver.connect(system.urls.kafka);
  const published: string[] = [];
  const pipeline = await governed(system, Date.now().toString(36), published);
  await driver.throughput(pipeline, 1_000, 120_000);
  const rates: number[] = [];
  const kept = await storedBy(system);
  const before = machine();
  const { spent } = await spentBy(
    () => system.pids(),
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        rates.push((await driver.throughput(pipeline, actions, 240_000)).rate);
        say(`${rates.at(-1)!.toFixed(0)} actions a second`);
      }
    },
  );
  const after = machine();
  const busy = (after.busy - before.busy) / (after.all - before.all);
  const cpu = told(spent, 1000 / (actions * ROUNDS));
  const stored = toldStored(kept, await storedBy(system), actions * ROUNDS);
  const { flaws: found } = await recordFlaws(system, driver, keysOfIntents(published));
  await driver.close();
  const line = `${median(rates).toFixed(0)}/s, machine ${(busy * 100).toFixed(0)} % busy, ${((total(spent) * 1000) / (actions * ROUNDS)).toFixed(1)} ms of CPU an action`;
  say(`CPU an action ${cpu} ms`);
  return { line, stored, found };
}
