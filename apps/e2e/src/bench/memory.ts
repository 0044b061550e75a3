import { readdirSync, readFileSync } from 'node:fs';
import { timesOf } from './cpu.js';

/** MiB by program. */
export type Memory = Record<string, number>;

interface Resident {
  anonymous: number;
  file: number;
  shared: number;
}

const EVERY_MS = 500;
const MIB = 1024;

/** Of `/proc/<pid>/status`, in KiB. */
export function residentOf(status: string): Resident {
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return { anonymous: field('RssAnon'), file: field('RssFile'), shared: field('RssShmem') };
}

/** Of one program's processes: pages of files and shared memory are the same ones, so the most of one process counts. */
export function sumOf(processes: Resident[]): number {
  const most = (pick: (one: Resident) => number) => Math.max(0, ...processes.map(pick));
  const own = processes.reduce((sum, { anonymous }) => sum + anonymous, 0);
  return (own + most(({ file }) => file) + most(({ shared }) => shared)) / MIB;
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = read(`/proc/${name}/stat`);
    if (!stat) continue;
    const { parent } = timesOf(stat);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // it ended
  }
}

/** What each program and all it started hold now. */
export function memoryNow(pids: Record<string, number[]>): Memory {
  const children = childrenByParent();
  const under = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(under)];
  const held = (running: number[]) =>
    sumOf(running.flatMap(under).flatMap((pid) => residentOf(read(`/proc/${pid}/status`) ?? '')));
  return Object.fromEntries(Object.entries(pids).map(([name, running]) => [name, held(running)]));
}

/** The most that each program held at one time while `run` ran, looked at twice a second. */
export async function peakBy<T>(
  pids: () => Record<string, number[]>,
  run: () => Promise<T>,
): Promise<{ result: T; peak: Memory }> {
  if (process.platform !== 'linux') return { result: await run(), peak: {} };
  const peak: Memory = {};
  const look = () => {
    for (const [name, mib] of Object.entries(memoryNow(pids()))) peak[name] = Math.max(peak[name] ?? 0, mib);
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  try {
    const result = await run();
    look();
    return { result, peak };
  } finally {
    clearInterval(timer);
  }
}

export const sum = (memory: Memory): number => Object.values(memory).reduce((all, mib) => all + mib, 0);
