import { exponentOf } from '../statistics.js';

/** What a system came to at one size. */
export interface Point {
  size: number;
  perSecond: number;
  /** Of one action, in all services and engines. */
  cpuMs: number;
  /** The most that all services held at one time. */
  memoryMiB: number;
  /** Of that CPU time, by program. */
  cpuBy: Record<string, number>;
}

/**
 * What the CPU time of one action may do as the size grows. `flat`: the size is of something that the action does not touch. `linear`: it
 * is of what is looked at for every action.
 */
export type CpuMay = 'flat' | 'linear';

/** Machines are shared: CPU time of the same work differs by a third from run to run. */
export const FLAT_WITHIN = 1.5;
/** Over 1, for the same reason. */
export const MOST_EXPONENT = 1.1;

const exponent = (from: Point, to: Point, cost: (point: Point) => number): number =>
  exponentOf({ size: Math.max(1, from.size), cost: cost(from) }, { size: Math.max(1, to.size), cost: cost(to) });

/** Nothing worse than linear in the variable itself, and nothing that the variable has no part in grows with it. */
export function growthFlaws(name: string, points: Point[], may: CpuMay): string[] {
  const [from, to] = [points[0], points.at(-1)];
  if (!from || !to || from === to) return [`${name}: one size says nothing of growth`];
  const flaws: string[] = [];
  const times = to.cpuMs / from.cpuMs;
  if (may === 'flat' && !(times <= FLAT_WITHIN))
    flaws.push(`${name}: an action's CPU time is ${times.toFixed(2)} × from ${from.size} to ${to.size}, not flat`);
  const steep = exponent(from, to, ({ cpuMs }) => cpuMs);
  if (may === 'linear' && !(steep <= MOST_EXPONENT))
    flaws.push(`${name}: an action's CPU time grows with the power ${steep.toFixed(2)}, worse than linear`);
  const memory = exponent(from, to, ({ memoryMiB }) => memoryMiB);
  if (!(memory <= MOST_EXPONENT)) flaws.push(`${name}: memory grows with the power ${memory.toFixed(2)}`);
  return flaws;
}

/** `postgres 2.10 → 3.20`, the program whose CPU time of an action grew most first. */
function tellChange(from: Point | undefined, to: Point | undefined): string[] {
  if (!from || !to || from === to) return [];
  const changes = Object.entries(to.cpuBy).map(([name, ms]) => ({ name, ms, before: from.cpuBy[name] ?? 0 }));
  const told = changes
    .filter(({ ms, before }) => Math.max(ms, before) >= 0.005)
    .sort((a, b) => b.ms - b.before - (a.ms - a.before))
    .map(({ name, ms, before }) => `${name} ${before.toFixed(2)} → ${ms.toFixed(2)}`);
  return told.length ? [`  CPU ms an action from ${from.size} to ${to.size}: ${told.join(', ')}`] : [];
}

export const tellPoints = (points: Point[]): string[] => [
  '     size   actions/s   CPU ms an action   memory MiB',
  ...points.map(({ size, perSecond, cpuMs, memoryMiB }) =>
    [
      String(size).padStart(9),
      perSecond.toFixed(0).padStart(11),
      cpuMs.toFixed(2).padStart(18),
      memoryMiB.toFixed(0).padStart(12),
    ].join(' '),
  ),
  ...tellChange(points[0], points.at(-1)),
];
