import { readdirSync, readFileSync } from 'node:fs';

/** By program, seconds. */
export type Spent = Record<string, number>;

/** Linux counts CPU time so, whatever the machine's own clock does. */
const TICKS_PER_SECOND = 100;

interface Times {
  parent: number;
  /** Its own and that of children which ended. */
  seconds: number;
}

/** Fields of `/proc/<pid>/stat` behind the name, which may hold anything: parent 2nd, user and system time 12th to 15th. */
export function timesOf(stat: string): Times {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND };
}

function read(pid: string): Times | undefined {
  try {
    return timesOf(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined; // it ended; its time is its parent's now
  }
}

/** CPU time that each program and all it started have used so far. */
export function spentSoFar(pids: Record<string, number[]>): Spent {
  const all = new Map<number, Times>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const times = read(pid);
    if (times) all.set(Number(pid), times);
  }
  const under = (pid: number): number => {
    let seconds = all.get(pid)?.seconds ?? 0;
    for (const [child, { parent }] of all) if (parent === pid) seconds += under(child);
    return seconds;
  };
  return Object.fromEntries(
    Object.entries(pids).map(([name, running]) => [name, running.reduce((sum, pid) => sum + under(pid), 0)]),
  );
}

/** What each program used while `run` ran. */
export async function spentBy<T>(
  pids: () => Record<string, number[]>,
  run: () => Promise<T>,
): Promise<{ result: T; spent: Spent; seconds: number }> {
  const before = spentSoFar(pids());
  const began = performance.now();
  const result = await run();
  const seconds = (performance.now() - began) / 1000;
  const spent = Object.fromEntries(
    Object.entries(spentSoFar(pids())).map(([name, total]) => [name, total - (before[name] ?? 0)]),
  );
  return { result, spent, seconds };
}

export const total = (spent: Spent): number => Object.values(spent).reduce((sum, seconds) => sum + seconds, 0);

/** `12.3 (policy 3.1, kafka 2.0)`, the largest first; `scale` times what was spent. */
export function told(spent: Spent, scale: number): string {
  const parts = Object.entries(spent)
    .filter(([, seconds]) => seconds * scale >= 0.005)
    .sort(([, a], [, b]) => b - a)
    .map(([name, seconds]) => `${name} ${(seconds * scale).toFixed(2)}`);
  return `${(total(spent) * scale).toFixed(2)} (${parts.join(', ')})`;
}
