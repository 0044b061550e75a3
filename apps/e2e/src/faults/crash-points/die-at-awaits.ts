import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '@countersign/embedded';
import { MortalExecutors } from './mortal-executors.js';
import type { Nudge } from './nudges.js';
import { CrashPlan, type Point } from './points.js';

export interface CrashOptions {
  /** So often each point is died at. */
  times: number;
  /** Which part of the points, of 1, by `random`. */
  share: number;
  random: () => number;
  /** How many executors die at the same time. */
  executors: number;
  /** Over when no point was died at for so long, or all of it took so long. */
  quietMs: number;
  atMostMs: number;
  /** Called again and again while nobody dies. */
  nudge: Nudge;
  signal?: AbortSignal;
  /** Told how many died since it was told last. */
  onCrashes: (crashes: number) => void;
}

export interface CrashReport {
  /** All there are, and those that were to be died at. */
  points: number;
  wanted: Point[];
  crashes: number;
  /** Died at as often as asked; at least once; never. */
  full: Point[];
  some: Point[];
  never: Point[];
  /** Processes that ended of something else. */
  endedOtherwise: string[];
  seconds: number;
}

const LOOK_EVERY_MS = 250;
const NUDGE_AFTER_MS = 2_500;
const SAY_EVERY_MS = 10_000;

/**
 * Holds the executors of a system and runs others in their place that die at every await, until each place has had its deaths. Then the
 * system's own take over what they left behind.
 */
export async function dieAtAwaits(
  system: Pick<System, 'env' | 'hold' | 'release' | 'instances'>,
  options: CrashOptions,
  say: (text: string) => void,
): Promise<CrashReport> {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'countersign-crash-'));
  const own = system.instances().filter(({ name }) => name === 'executor');
  try {
    const plan = CrashPlan.make(folder, options.times, () => options.random() < options.share);
    say(`${plan.points.length} points, ${plan.wanted().length} of them to die at ${options.times} times each`);
    const from = performance.now();
    for (const { instance } of own) await system.hold(instance, 'KILL');
    const executors = await MortalExecutors.start(options.executors, system.env('executor'), folder);
    try {
      await allDied(plan, executors, options, say);
    } finally {
      await executors.stop();
      for (const { instance } of own) await system.release(instance);
    }
    return reportOf(plan, options.times, executors.endedOtherwise, (performance.now() - from) / 1000);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function allDied(
  plan: CrashPlan,
  executors: MortalExecutors,
  options: CrashOptions,
  say: (text: string) => void,
): Promise<void> {
  const began = performance.now();
  const wanted = plan.wanted();
  let last = { crashes: 0, at: began, said: began, nudged: began };
  for (;;) {
    await delay(LOOK_EVERY_MS);
    const deaths = plan.deaths();
    const crashes = sum(deaths);
    const now = performance.now();
    if (crashes > last.crashes) {
      options.onCrashes(crashes - last.crashes);
      last = { ...last, crashes, at: now };
    }
    if (now - Math.max(last.at, last.nudged) > NUDGE_AFTER_MS) {
      await options.nudge(executors);
      last.nudged = performance.now();
    }
    const left = wanted.filter(({ id }) => (deaths.get(id) ?? 0) < options.times).length;
    if (now - last.said > SAY_EVERY_MS) {
      last.said = now;
      say(`${crashes} crashes; ${left} of ${wanted.length} points are left`);
    }
    const isOver = left === 0 || now - last.at > options.quietMs || now - began > options.atMostMs;
    if (isOver || options.signal?.aborted) return;
  }
}

const sum = (deaths: Map<string, number>): number => [...deaths.values()].reduce((total, n) => total + n, 0);

function reportOf(plan: CrashPlan, times: number, endedOtherwise: string[], seconds: number): CrashReport {
  const deaths = plan.deaths();
  const wanted = plan.wanted();
  const of = (fits: (n: number) => boolean) => wanted.filter(({ id }) => fits(deaths.get(id) ?? 0));
  return {
    points: plan.points.length,
    wanted,
    crashes: sum(deaths),
    full: of((n) => n >= times),
    some: of((n) => n > 0 && n < times),
    never: of((n) => n === 0),
    endedOtherwise,
    seconds,
  };
}
