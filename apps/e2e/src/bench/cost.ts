import { spentBy, type Spent } from './cpu.js';
import { peakBy, type Memory } from './memory.js';

/** What a load used of the machine, by program. */
export interface Cost {
  seconds: number;
  cpu: Spent;
  peak: Memory;
}

export type Pids = () => Record<string, number[]>;

/** Runs it and says what it used: nothing where /proc is not. */
export async function costOf<T>(pids: Pids, run: () => Promise<T>): Promise<{ result: T; cost: Cost }> {
  if (process.platform !== 'linux') {
    const began = performance.now();
    const result = await run();
    return { result, cost: { seconds: (performance.now() - began) / 1000, cpu: {}, peak: {} } };
  }
  const { result, spent, seconds } = await spentBy(pids, () => peakBy(pids, run));
  return { result: result.result, cost: { seconds, cpu: spent, peak: result.peak } };
}
