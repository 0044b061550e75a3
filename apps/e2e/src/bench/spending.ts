import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '@countersign/embedded';
import { spentBy, told, total, type Spent } from './cpu.js';
import type { LoadDriver, Pipeline } from './load.js';
import { median, percentile } from './statistics.js';

const IDLE_MS = 20_000;
const STEADY = { perSecond: 50, seconds: 20 };
const BURST = 1_500;
/** What nobody waits for (audit, read models) comes a little later. */
const TAIL_MS = 1_500;

interface Spending {
  lines: string[];
  /** Of an action in a burst: the median of the bursts. Undefined where /proc is not. */
  burstMs: number | undefined;
  /** Seconds by program: idle, at a steady rate, in the middle burst. */
  by?: Record<'idle' | 'steady' | 'burst', Spent>;
}

/**
 * CPU time of all services and engines: with nothing to do, an action at a steady rate, an action in a burst. Unlike rates and
 * latencies it hardly depends on what else the machine does.
 */
export async function spending(system: System, driver: LoadDriver, ours: Pipeline, rounds: number): Promise<Spending> {
  if (process.platform !== 'linux')
    return { lines: ['CPU                     not measured: it is read from /proc'], burstMs: undefined };
  const measured = <T>(run: () => Promise<T>) =>
    spentBy(
      () => system.pids(),
      () => run().finally(() => delay(TAIL_MS)),
    );
  await delay(TAIL_MS);
  const idle = await spentBy(
    () => system.pids(),
    () => delay(IDLE_MS),
  );
  const steady = await measured(() => driver.latency(ours, STEADY.perSecond, STEADY.seconds));
  const bursts: Spent[] = [];
  for (let round = 0; round < rounds; round++)
    bursts.push((await measured(() => driver.throughput(ours, BURST, 120_000))).spent);
  const an = (spent: Spent, actions: number) => `${told(spent, 1000 / actions)} ms`;
  const middle = median(bursts.map(total));
  const burst = bursts.toSorted((a, b) => Math.abs(total(a) - middle) - Math.abs(total(b) - middle))[0] ?? {};
  const sorted = steady.result;
  const lines = [
    `CPU idle                ${told(idle.spent, 100 / idle.seconds)} % of a core`,
    `CPU an action at 50/s   ${an(steady.spent, STEADY.perSecond * STEADY.seconds)}; p50 ${percentile(sorted, 0.5).toFixed(1)} ms, p99 ${percentile(sorted, 0.99).toFixed(1)} ms`,
    `CPU an action, bursts   ${an(burst, BURST)}; ${bursts.map((spent) => ((total(spent) * 1000) / BURST).toFixed(2)).join(' / ')} ms`,
  ];
  return { lines, burstMs: (middle * 1000) / BURST, by: { idle: idle.spent, steady: steady.spent, burst } };
}
