import type { Fault } from '../fault.js';
import { dieAtAwaits, type CrashOptions, type CrashReport } from './die-at-awaits.js';
import { nudges } from './nudges.js';

export type CrashPointOptions = Partial<Omit<CrashOptions, 'random' | 'signal' | 'nudge' | 'onCrashes'>>;

const WHOLE = { times: 3, share: 1, executors: 3, quietMs: 30_000, atMostMs: 20 * 60_000 };
/** For a run that has other things to do. */
export const SAMPLE: CrashPointOptions = { times: 1, share: 0.06, quietMs: 6_000, atMostMs: 20_000 };

/** Executors die at every await of theirs and of messaging's, each again and again, while the load goes on. */
export const crashPoints = (options: CrashPointOptions = {}): Fault => ({
  name: 'crash-points',
  async run(context, random, signal) {
    const { world, inFlight, say } = context;
    let hits = 0;
    const onCrashes = (crashes: number) => (hits += inFlight() > 0 ? crashes : 0);
    const given = { ...WHOLE, ...options, random, signal, onCrashes, nudge: nudges(context) };
    const report = await dieAtAwaits(world.system, given, say);
    for (const { name } of report.never) say(`never reached: ${name}`);
    for (const end of report.endedOtherwise) say(`an executor ended of something else: ${end}`);
    const note = noteOf(report);
    say(note);
    return { hits, note };
  },
});

const noteOf = ({ points, wanted, full, some, never, crashes, endedOtherwise, seconds }: CrashReport): string =>
  `${crashes} crashes at ${full.length + some.length} of ${wanted.length} points (of ${points} in all): ${full.length} as often as asked, ` +
  `${some.length} less often, ${never.length} never reached; ${endedOtherwise.length} ends of something else; ${seconds.toFixed(0)} s`;
