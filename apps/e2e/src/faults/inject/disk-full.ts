import type { Fault } from '../fault.js';
import { between } from '../numbers.js';
import { instancesOf, lasting, readyAgain } from './waits.js';

/** No room is left on an engine's disk for some seconds. It may end of that, again and again; with room it has to come back. */
export const diskFull = (engine: 'kafka' | 'postgres'): Fault => ({
  name: `disk:${engine}`,
  async run(context, random, signal) {
    const disk = context.disks?.[engine];
    if (!disk) return { hits: 0, skipped: 'this machine lets nobody mount a small disk (unshare --mount)' };
    const [before] = instancesOf(context, engine);
    const hits = context.inFlight();
    disk.fill();
    try {
      await lasting(between(random, 4_000, 10_000), signal);
    } finally {
      disk.free();
    }
    const [after] = instancesOf(context, engine);
    if (after?.pid === before?.pid) return { hits, note: 'it went on' };
    await readyAgain(context, engine, before?.pid);
    return { hits, note: 'it ended and came back' };
  },
});
