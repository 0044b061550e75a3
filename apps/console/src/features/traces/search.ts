export const RANGES = ['hour', 'today', 'yesterday', 'week'] as const;
export type Range = (typeof RANGES)[number];
/** What a trace must say; everything given must be true of it. */
export const FIELDS = ['text', 'record', 'subject', 'tool', 'rule', 'code', 'outcome', 'actor', 'traceId'] as const;
export type Field = (typeof FIELDS)[number];

export type TracesSearch = Partial<Record<Field, string>> & {
  range?: Range;
  /** Instants, where no range is given. */
  from?: string;
  to?: string;
  /** What nobody of a tenant was verified for. */
  unverified?: true;
  /** The trace that is peeked at. */
  peek?: string;
};

export const TABS = ['story', 'timeline', 'events'] as const;
export type Tab = (typeof TABS)[number];

export interface TraceSearch {
  tab?: Tab;
  /** The event that is open: its place (topic.partition.offset), or its id. */
  event?: string;
  /** What events hold, and on which topic. */
  q?: string;
  topic?: string;
  failed?: true;
}

const words = (given: unknown, longest = 200) => {
  const text = typeof given === 'number' ? String(given) : given;
  return typeof text === 'string' && text.trim() !== '' ? text.slice(0, longest) : undefined;
};
const instant = (given: unknown) =>
  typeof given === 'string' && !Number.isNaN(Date.parse(given)) ? new Date(given).toISOString() : undefined;
const known = <T extends object>(given: T): T =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
const yes = (given: unknown) => (given === true || given === 'true' ? (true as const) : undefined);

/** What the address says of the search; what it does not know is left out. */
export function tracesSearch(given: Record<string, unknown>): TracesSearch {
  const fields = Object.fromEntries(FIELDS.map((field) => [field, words(given[field])]));
  const range = RANGES.find((each) => each === given['range']);
  const [from, to] = range ? [] : [instant(given['from']), instant(given['to'])];
  return known({
    ...fields,
    ...{ range, from, to, unverified: yes(given['unverified']), peek: words(given['peek']) },
  }) as TracesSearch;
}

/** What the address says of one trace. */
export function traceSearch(given: Record<string, unknown>): TraceSearch {
  return known({
    tab: TABS.find((each) => each === given['tab']),
    event: words(given['event'], 400),
    q: words(given['q']),
    topic: words(given['topic'], 50),
    failed: yes(given['failed']),
  }) as TraceSearch;
}
