import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '@countersign/embedded';
import { costOf } from '../cost.js';
import { total } from '../cpu.js';
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
  const cpu: number[] = [];
  const memory: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { cost } = await costOf(
      () => system.pids(),
      async () => {
        rates.push(await push(actions));
        await delay(TAIL_MS);
      },
    );
    cpu.push((total(cost.cpu) * 1000) / actions);
    memory.push(sum(cost.peak));
  }
  return { size, perSecond: median(rates), cpuMs: median(cpu), memoryMiB: Math.max(...memory) };
}
