import { median } from './statistics.js';

/** A value as it was at a time since the beginning, ms. */
export interface Sample {
  at: number;
  value: number;
}

export interface Quarters {
  second: number;
  last: number;
}

/** Medians of two quarters of a run: the first one is spent on warming up, and the third lies between. */
export function quartersOf(samples: Sample[], lengthMs: number): Quarters {
  const of = (n: number) =>
    median(samples.filter(({ at }) => Math.min(3, Math.floor((at * 4) / lengthMs)) === n).map(({ value }) => value));
  return { second: of(1), last: of(3) };
}

export const MOST_GROWTH = 1.1;

/** What grew by more than it may; no number (a run too short for a sample in each quarter) counts as that. */
export function grown(name: string, { second, last }: Quarters, most = MOST_GROWTH): string[] {
  if (last <= second * most) return [];
  return [`${name} went from ${second.toFixed(0)} to ${last.toFixed(0)} MiB: more than ${most} ×`];
}

/** Lag is flat where it grew by no more than comes in one second: it is looked at between two fetches. */
export function behind(name: string, { second, last }: Quarters, perSecond: number): string[] {
  if (last - second <= perSecond) return [];
  return [`${name} fell behind: ${second.toFixed(0)} records in the second quarter, ${last.toFixed(0)} in the last`];
}
