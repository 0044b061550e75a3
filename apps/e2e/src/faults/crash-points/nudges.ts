import { setTimeout as delay } from 'node:timers/promises';
import type { FaultContext } from '../fault.js';
import type { MortalExecutors } from './mortal-executors.js';

const AWAY_MS = 800;

/** Brings executors to places that they do not come to while all is well. */
export type Nudge = (executors: MortalExecutors) => Promise<void>;

/** One after the other, round and round: an end in order, each of what it talks to away for a moment. */
export function nudges({ links, desk }: Pick<FaultContext, 'links' | 'desk'>): Nudge {
  const away = (link: 'kafka' | 'postgres') => async () => {
    await links[link].harm({ tag: 'refuse' });
    await delay(AWAY_MS);
    await links[link].pass();
  };
  const unavailable = { status: 503 };
  const all: Nudge[] = [
    (executors) => Promise.resolve(executors.askToEnd()),
    away('postgres'),
    away('kafka'),
    async () => {
      await desk.begin(unavailable);
      await delay(AWAY_MS);
      await desk.end(unavailable);
    },
  ];
  let next = 0;
  return (executors) => all[next++ % all.length]!(executors);
}
