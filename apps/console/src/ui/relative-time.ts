const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];
const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** "3 minutes ago", "in 2 hours". */
export function relative(at: string, now: number): string {
  const difference = Date.parse(at) - now;
  const [unit, ms] = UNITS.find(([, size]) => Math.abs(difference) >= size) ?? UNITS.at(-1)!;
  return words.format(Math.trunc(difference / ms), unit);
}

// Made once: to make one takes longer than all the rest of a row of a list.
const instants = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
/** To the second, in the reader's zone, with its name. */
export const exact = (at: string): string => instants.format(new Date(at));

/** "1 h 05 min", "4 min 10 s", "12 s"; never below nothing. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  if (h > 0) return `${h} h ${String(m).padStart(2, '0')} min`;
  return m > 0 ? `${m} min ${String(s).padStart(2, '0')} s` : `${s} s`;
}

/** "10:02:11", in the reader's zone. */
export const exactTime = (at: string): string =>
  new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' }).format(new Date(at));
