import type { Cost } from '../cost.js';
import { total } from '../cpu.js';
import { sum } from '../memory.js';
import type { Pushed } from '../systems/under-test.js';
import { median, spreadOf, type Spread } from '../statistics.js';

/** What one system did in each round of a load. */
export interface Rounds {
  name: string;
  /** Actions, approvals or intents of one round. */
  n: number;
  rates: number[];
  costs: Cost[];
}

export class RoundBook {
  private readonly byName = new Map<string, Rounds>();

  note(name: string, { rate, actions: n }: Pushed, cost: Cost): void {
    const rounds = this.byName.get(name) ?? { name, n, rates: [], costs: [] };
    rounds.rates.push(rate);
    rounds.costs.push(cost);
    this.byName.set(name, rounds);
  }

  all(): Rounds[] {
    return [...this.byName.values()];
  }

  rates(name: string): number[] {
    return this.byName.get(name)?.rates ?? [];
  }
}

/** Another goes first in each round. */
export const rotated = <T>(all: readonly T[], round: number): T[] =>
  all.map((_, index) => all[(index + round) % all.length] as T);

const whole = ({ min, median: middle, max }: Spread) => [min, middle, max].map((value) => value.toFixed(0)).join(' / ');

/** `DBOS  130 / 150 / 163 a second; CPU 10.9 ms each (4.1 cores s); memory at most 512 MiB`. */
export function tellRounds({ name, n, rates, costs }: Rounds, widest: number): string {
  const cpu = costs.map((cost) => total(cost.cpu)).filter((seconds) => seconds > 0);
  const memory = Math.max(...costs.map(({ peak }) => sum(peak)));
  const used = cpu.length
    ? `; CPU ${((median(cpu) * 1000) / n).toFixed(2)} ms each, ${median(cpu).toFixed(1)} s a round; memory ${memory.toFixed(0)} MiB`
    : '';
  return `${name.padEnd(widest)}  ${whole(spreadOf(rates)).padStart(22)} a second (${n} each)${used}`;
}

/** By program, the middle round's CPU time and the most memory. */
export function tellPrograms({ name, n, costs }: Rounds): string {
  const middle = median(costs.map(({ cpu }) => total(cpu)));
  const near = (cost: Cost) => Math.abs(total(cost.cpu) - middle);
  const cost = costs.toSorted((a, b) => near(a) - near(b))[0];
  const programs = Object.entries(cost?.cpu ?? {}).sort(([, a], [, b]) => b - a);
  const parts = programs.map(([program, seconds]) => {
    const peak = Math.max(...costs.map((one) => one.peak[program] ?? 0));
    return `${program} ${seconds.toFixed(2)} s (${((seconds * 1000) / n).toFixed(2)} ms each) ${peak.toFixed(0)} MiB`;
  });
  return `  ${name}: ${parts.join(', ') || 'not measured: it is read from /proc'}`;
}
