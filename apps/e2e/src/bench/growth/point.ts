import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '@countersign/embedded';
import { costOf } from '../cost.js';
import { total, type Spent } from '../cpu.js';
import { sum } from '../memory.js';
import { median } from '../statistics.js';
import type { Point } from './verdict.js';

const ROUNDS = 3;
/** What nobody waits for (audit, read models) comes a little later. */
const TAIL_MS = 1_500;

/** Pushes so many actions three times, warmed up, and gives the medians. `push` answers how many ended a second. */
export async function pointOf(
  system: System,
  { size, actions }: { size: number; actions: number },
  push: (n: number) => Promise<number>,
  rounds = ROUNDS,
): Promise<Point> {
  if (rounds > 1) await push(Math.ceil(actions / 2));
  const rates: number[] = [];
  const spent: Spent[] = [];
  const memory: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { cost } = await costOf(
      () => system.pids(),
      async () => {
        rates.push(await push(actions));
        await delay(TAIL_MS);
      },
    );
    spent.push(cost.cpu);
    memory.push(sum(cost.peak));
  }
  const middle = median(spent.map(total));
  const near = (one: Spent) => Math.abs(total(one) - middle);
  const typical = spent.toSorted((a, b) => near(a) - near(b))[0] ?? {};
  const each = (seconds: number) => (seconds * 1000) / actions;
  return {
    ...{ size, perSecond: median(rates), cpuMs: each(middle), memoryMiB: Math.max(...memory) },
    cpuBy: Object.fromEntries(Object.entries(typical).map(([name, seconds]) => [name, each(seconds)])),
  };
}
