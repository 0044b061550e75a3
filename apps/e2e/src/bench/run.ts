import os from 'node:os';
import path from 'node:path';
import { startSystem, type System, type SystemOptions } from '@countersign/embedded';
import { releaseUntried } from '@countersign/testing';
import { LoadDriver } from './load.js';

const started = performance.now();
/** Progress: figures alone go to stdout. */
export const say = (text: string): void =>
  console.error(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);

const open: (() => Promise<void>)[] = [];

/** Ended with the run, the last first, however that comes to its end. */
export function endWithRun(stop: () => Promise<void>): void {
  open.push(stop);
}

/** Ends what was started so far: the next part begins on nothing. */
export const endNow = (): Promise<void> => endAll();

async function endAll(): Promise<void> {
  for (let stop = open.pop(); stop; stop = open.pop()) await stop();
}

/** Runs it, then ends all that was started, on a signal too, and sets the exit code. */
export async function running(run: () => Promise<number>): Promise<void> {
  let told = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (told) return;
      told = true;
      say(`${signal}: ending what was started`);
      void endAll().finally(() => process.exit(128 + os.constants.signals[signal]));
    });
  }
  try {
    process.exitCode = await run();
  } catch (error) {
    if (!told) throw error; // else it fails for want of what is being ended
  } finally {
    await endAll();
  }
}

/** `FOLDER/SERVICE.cpuprofile`, as Chrome's developer tools read it. */
const profiled = (service: string, folder: string) => [
  '--cpu-prof',
  `--cpu-prof-dir=${path.resolve(folder)}`,
  `--cpu-prof-name=${service}.cpuprofile`,
];

/** The whole system with its defaults, data written through to the disk included, and a client that loads it. */
export async function startMeasured(
  options: SystemOptions = {},
  profile?: string,
): Promise<{ system: System; driver: LoadDriver }> {
  const system = await startSystem({
    releases: false,
    ...(profile && { nodeFlags: (service) => profiled(service, profile) }),
    onProgress: ({ step, seconds }) => (seconds === undefined ? undefined : say(`${step} in ${seconds.toFixed(1)} s`)),
    ...options,
  });
  endWithRun(() => system.stop());
  await releaseUntried(system);
  const driver = await LoadDriver.connect(system.urls.kafka);
  endWithRun(() => driver.close());
  return { system, driver };
}
