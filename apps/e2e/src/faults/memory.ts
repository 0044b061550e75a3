import { readFileSync } from 'node:fs';
import { median } from '../bench/statistics.js';
import { SERVICES } from '@countersign/embedded';
import type { World } from '../world.js';

export interface Sample {
  /** Since the run began. */
  atMs: number;
  service: string;
  pid: number;
  bytes: number;
}

export interface Growth {
  service: string;
  /** Of the second and the last quarter, in MiB. */
  before: number;
  after: number;
  ratio: number;
  /** How many processes it was compared over. */
  processes: number;
}

const PAGE = 4_096;
const EVERY_MS = 1_000;
const MIB = 1024 * 1024;
/** A process that starts takes up more each second: those of the same age are compared. */
const AGE_STEP_MS = 5_000;

/** What each process of a service holds in memory, each second. */
export class MemoryWatch {
  readonly samples: Sample[] = [];
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly world: World) {
    this.#timer = setInterval(() => this.sample(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get lengthMs(): number {
    return performance.now() - this.#began;
  }

  private sample(): void {
    for (const { name, pid, ready } of this.world.system.instances()) {
      const isService = (SERVICES as readonly string[]).includes(name);
      const bytes = isService && ready && pid !== undefined ? residentOf(pid) : undefined;
      if (bytes !== undefined) this.samples.push({ atMs: this.lengthMs, service: name, pid: pid!, bytes });
    }
  }
}

/** Undefined: it has just died. */
function residentOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE;
  } catch {
    return undefined;
  }
}

/**
 * By service, the median of the last quarter against that of the second: of processes that ran through both as they are, and of those
 * that were started anew in between by what others held at the same age.
 */
export function growths(samples: readonly Sample[], lengthMs: number): Growth[] {
  const byService = Map.groupBy(samples, ({ service }) => service);
  return [...byService].flatMap(([service, own]) => growthOf(service, own, lengthMs) ?? []);
}

function growthOf(service: string, own: Sample[], lengthMs: number): Growth | undefined {
  const quarter = (n: number) => own.filter(({ atMs }) => Math.floor((atMs * 4) / lengthMs) === n);
  const [second, last] = [quarter(1), quarter(3)];
  const processes = new Set([...second, ...last].map(({ pid }) => pid)).size;
  const pairs = pairsOf(second, last, startsOf(own));
  if (pairs.length === 0) return undefined;
  const [before, after] = [median(pairs.map(([one]) => one)), median(pairs.map(([, other]) => other))];
  return { service, before: before / MIB, after: after / MIB, ratio: after / before, processes };
}

const startsOf = (own: Sample[]): Map<number, number> => {
  const starts = new Map<number, number>();
  for (const { pid, atMs } of own) if (!starts.has(pid)) starts.set(pid, atMs);
  return starts;
};

/** The medians of both, of the same processes if they lived as long, else age by age. */
function pairsOf(second: Sample[], last: Sample[], starts: Map<number, number>): [number, number][] {
  const lived = new Set(second.map(({ pid }) => pid));
  const both = new Set(last.filter(({ pid }) => lived.has(pid)).map(({ pid }) => pid));
  const of = (some: Sample[]) => some.filter(({ pid }) => both.has(pid)).map(({ bytes }) => bytes);
  if (both.size > 0) return [[median(of(second)), median(of(last))]];
  const byAge = (some: Sample[]) =>
    Map.groupBy(some, ({ pid, atMs }) => Math.floor((atMs - starts.get(pid)!) / AGE_STEP_MS));
  const [before, after] = [byAge(second), byAge(last)];
  return [...before].flatMap(([age, ones]) => {
    const others = after.get(age);
    const bytesOf = (some: Sample[]) => median(some.map(({ bytes }) => bytes));
    return others ? [[bytesOf(ones), bytesOf(others)] as [number, number]] : [];
  });
}
