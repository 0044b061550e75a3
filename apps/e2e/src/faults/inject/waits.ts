import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from '@countersign/embedded';
import { until } from '@countersign/testing';
import type { FaultContext } from '../fault.js';

/** So long, or until it is called off. */
export async function lasting(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: Error) => {
    if (!signal.aborted) throw error;
  });
}

export const instancesOf = ({ world }: FaultContext, name: string): Instance[] =>
  world.system.instances().filter((instance) => instance.name === name);

const READY_MS = 90_000;

/** An engine that was ended is ready again, as another process. */
export async function readyAgain(context: FaultContext, engine: string, before: number | undefined): Promise<void> {
  const isBack = () => instancesOf(context, engine).some(({ pid, ready }) => ready && pid !== before);
  await until(isBack, { timeoutMs: READY_MS, what: `${engine} to be ready again` });
}
