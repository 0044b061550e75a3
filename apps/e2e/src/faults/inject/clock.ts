import path from 'node:path';
import type { CoreService } from '@countersign/embedded';
import type { Fault } from '../fault.js';
import { between, oneOf } from '../numbers.js';
import { instancesOf, lasting } from './waits.js';

const HOOK = path.join(import.meta.dirname, 'skewed-clock.js');
const MINUTE = 60_000;
/** What goes wrong with clocks: a drift that nobody saw, a time zone, a day. */
const OFF: readonly number[] = [-24 * 60, -60, -5, -1, 1, 5, 60, 24 * 60].map((minutes) => minutes * MINUTE);

/** One instance runs for a while by a clock that is off. */
export const skewClock = (service: CoreService): Fault => ({
  name: `clock:${service}`,
  async run(context, random, signal) {
    const { system } = context.world;
    const { instance } = oneOf(random, instancesOf(context, service))!;
    const offMs = oneOf(random, OFF)!;
    const ms = between(random, 5_000, 12_000);
    await system.hold(instance, 'KILL');
    let hits = 0;
    try {
      await system.release(instance, {
        nodeFlags: ['--import', HOOK],
        env: { COUNTERSIGN_FAULT_CLOCK_MS: String(offMs) },
      });
      hits = context.inFlight();
      await lasting(ms, signal);
    } finally {
      await system.hold(instance);
      await system.release(instance);
    }
    return { hits, note: `${instance} ${offMs / MINUTE} min off for ${ms} ms` };
  },
});
