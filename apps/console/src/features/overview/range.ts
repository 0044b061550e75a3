import type { OverviewSearch, RangeName } from './search.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** How long, and in how many stretches it is drawn. */
const LENGTHS: Record<Exclude<RangeName, 'custom'>, { ms: number; buckets: number; words: string }> = {
  hour: { ms: HOUR, buckets: 30, words: 'in the last hour' },
  day: { ms: 24 * HOUR, buckets: 24, words: 'in the last 24 hours' },
  week: { ms: 168 * HOUR, buckets: 28, words: 'in the last 7 days' },
};
const OWN_BUCKETS = 30;

export interface Range {
  from: string;
  to: string;
  buckets: number;
  /** "in the last 24 hours" */
  words: string;
}

/** Up to the end of this minute: asked again within it, the same is asked. */
export function rangeOf({ range: asked, from, to }: OverviewSearch, now: number): Range {
  const range: RangeName = asked ?? 'day';
  if (range === 'custom' && from && to) return { from, to, buckets: OWN_BUCKETS, words: 'in this range' };
  const { ms, buckets, words } = LENGTHS[range === 'custom' ? 'day' : range];
  const end = Math.ceil((now + 1) / MINUTE) * MINUTE;
  return { from: new Date(end - ms).toISOString(), to: new Date(end).toISOString(), buckets, words };
}

const parts = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', options);
const TIME = parts({ hour: '2-digit', minute: '2-digit' });
const DAY_TIME = parts({ weekday: 'short', hour: '2-digit', minute: '2-digit' });
const DATE_TIME = parts({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** A point on the axis of a range, in the reader's zone: as short as it stays clear. */
export function axisTime(at: string, { from, to }: Pick<Range, 'from' | 'to'>): string {
  const length = Date.parse(to) - Date.parse(from);
  const format = length <= 24 * HOUR ? TIME : length <= 168 * HOUR ? DAY_TIME : DATE_TIME;
  return format.format(new Date(at));
}

/** For `<input type="datetime-local">`, in the reader's zone, and back. */
export function toLocalInput(at: string): string {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}
export function fromLocalInput(text: string): string | undefined {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
