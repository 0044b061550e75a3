export const RANGES = ['hour', 'day', 'week', 'custom'] as const;
export type RangeName = (typeof RANGES)[number];

export interface OverviewSearch {
  /** The last day if it is left out. */
  range?: Exclude<RangeName, 'day'>;
  /** Of a range of one's own: instants. */
  from?: string;
  to?: string;
  /** Plots that are shown as tables. */
  tables?: string[];
}

const instant = (given: unknown): string | undefined =>
  typeof given === 'string' && /^\d{4}-\d\d-\d\dT/.test(given) && !Number.isNaN(Date.parse(given))
    ? new Date(given).toISOString()
    : undefined;

/** What the address says of this view; what it does not know is left out. */
export function overviewSearch(given: Record<string, unknown>): OverviewSearch {
  const [from, to] = [instant(given['from']), instant(given['to'])];
  const isOwn = from !== undefined && to !== undefined && from < to;
  const named = RANGES.find((each) => each === given['range']);
  const tables = Array.isArray(given['tables'])
    ? given['tables'].filter((each): each is string => typeof each === 'string').slice(0, 20)
    : [];
  return {
    ...(named === 'hour' || named === 'week' ? { range: named } : {}),
    ...(named === 'custom' && isOwn ? { range: named, from, to } : {}),
    ...(tables.length > 0 ? { tables } : {}),
  };
}
