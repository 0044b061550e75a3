import type { Fault, FaultOutcome } from '../fault.js';
import { between } from '../numbers.js';
import type { Harm } from '../proxy/harm.js';
import type { LinkName } from '../proxy/links.js';
import { lasting } from './waits.js';

/** How each kind of harm is done: for how long at most, and how much of it. */
const HARMS: Record<Harm['tag'], { longestMs: number; harm(random: () => number): Harm }> = {
  latency: { longestMs: 8_000, harm: (random) => ({ tag: 'latency', ms: between(random, 20, 400) }) },
  stall: { longestMs: 8_000, harm: () => ({ tag: 'stall' }) },
  reset: { longestMs: 100, harm: () => ({ tag: 'reset' }) },
  'half-open': { longestMs: 8_000, harm: () => ({ tag: 'half-open' }) },
  'drop-answer': { longestMs: 3_000, harm: () => ({ tag: 'drop-answer' }) },
  refuse: { longestMs: 4_000, harm: () => ({ tag: 'refuse' }) },
};

export const HARM_TAGS = Object.keys(HARMS) as Harm['tag'][];

/** Comes to all connections of a link, or to about a third of them. */
export const network = (link: LinkName, tag: Harm['tag']): Fault => ({
  name: `net:${link}:${tag}`,
  async run({ links, inFlight }, random, signal): Promise<FaultOutcome> {
    const { longestMs, harm } = HARMS[tag];
    const share = random() < 0.5 ? 1 : 0.3;
    const ms = between(random, longestMs / 4, longestMs);
    const open = inFlight();
    const harmed = await links[link].harm(harm(random), () => random() < share);
    try {
      await lasting(ms, signal);
    } finally {
      await links[link].pass();
    }
    const { connections, waiting, bytes } = harmed;
    const note = `${ms} ms, ${connections} connections, ${waiting} of them waiting, ${bytes} bytes`;
    return { hits: waiting + bytes === 0 ? 0 : Math.min(open, connections), note };
  },
});
