import { setTimeout as delay } from 'node:timers/promises';
import { faultNamed } from './fault-catalog.js';
import type { Fault, FaultContext, FaultOutcome } from './fault.js';
import { numbers } from './numbers.js';
import type { Planned } from './schedule.js';

/** What became of one fault. */
export interface Done extends FaultOutcome {
  name: string;
  /** Since the run began. */
  beganMs: number;
  tookMs: number;
  /** It could not be made, or not be taken back: why. */
  failed?: string;
}

/** Lets each fault loose at its time, within a lane not before the one before it is over, and answers when all are. */
export async function runSchedule(
  plan: readonly Planned[],
  context: FaultContext,
  signal: AbortSignal,
  onDone: (done: Done) => void,
  faultOf: (name: Planned['name']) => Fault = faultNamed,
): Promise<void> {
  const from = performance.now();
  const since = () => performance.now() - from;
  const lanes = new Map<string, Promise<void>>();
  for (const planned of plan) {
    await delay(Math.max(planned.atMs - since(), 0), undefined, { signal }).catch(() => undefined); // said by the signal
    if (signal.aborted) break;
    const before = planned.lane === 'kills' ? undefined : lanes.get(planned.lane);
    const turn = (before ?? Promise.resolve()).then(async () =>
      onDone(await run(faultOf(planned.name), planned.seed, context, signal, since)),
    );
    lanes.set(planned.lane === 'kills' ? `${planned.name}/${planned.atMs}` : planned.lane, turn);
  }
  await Promise.all(lanes.values());
}

async function run(
  fault: Fault,
  seed: number,
  context: FaultContext,
  signal: AbortSignal,
  since: () => number,
): Promise<Done> {
  const beganMs = Math.round(since());
  const took = () => ({ name: fault.name, beganMs, tookMs: Math.round(since() - beganMs) });
  try {
    const outcome = await fault.run(context, numbers(seed), signal);
    return { ...outcome, ...took() };
  } catch (error) {
    return { hits: 0, failed: (error as Error).message, ...took() };
  }
}
