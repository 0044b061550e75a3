import type { Fault } from '../fault.js';
import { between } from '../numbers.js';
import type { DeskFaults } from './desk.js';
import { lasting } from './waits.js';

/** What a system of record may answer instead of what it should. */
const WAYS = {
  garbage: () => ({ garbageRate: 0.3 }),
  unavailable: (random) => ({ status: 503, statusRate: random() < 0.5 ? 1 : 0.4 }),
  slow: (random) => ({ latencyMs: between(random, 300, 3_000) }),
  mute: () => ({ dropAnswer: 0.5 }),
} satisfies Record<string, (random: () => number) => DeskFaults>;
export type HelpdeskWay = keyof typeof WAYS;
export const HELPDESK_WAYS = Object.keys(WAYS) as HelpdeskWay[];

export const helpdesk = (way: HelpdeskWay): Fault => ({
  name: `helpdesk:${way}`,
  async run({ desk, inFlight }, random, signal) {
    const faults: DeskFaults = WAYS[way](random);
    const ms = between(random, 2_000, 8_000);
    const hits = inFlight();
    await desk.begin(faults);
    try {
      await lasting(ms, signal);
    } finally {
      await desk.end(faults);
    }
    return { hits, note: `${ms} ms ${JSON.stringify(faults)}` };
  },
});
