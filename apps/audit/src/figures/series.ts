import type { MetricsBucket, MetricsSeries } from '@countersign/contracts';
import type { Range } from './range.js';
import { figuresOf, type Counts, type Group, type Waits } from './summary.js';

/** Where a line of the store belongs: the beginning of its stretch. */
export interface Binned {
  bin: Date;
}

interface Found {
  tenant: string;
  range: Range & { strideMs: number };
  groups: (Group & Binned)[];
  denying: (Counts['denying'][number] & Binned)[];
  waits: (Waits & Binned)[];
  incidents: ({ count: number } & Binned)[];
}

const NO_WAITS: Waits = { p50: null, p95: null, max: null };

/** The range cut into its stretches, each counted as the summary counts: together they are what it says of the whole. */
export function seriesOf({ tenant, range, ...found }: Found): MetricsSeries {
  const { from, to, strideMs } = range;
  const [groups, denying] = [byBin(found.groups), byBin(found.denying)];
  const [waits, incidents] = [byBin(found.waits), byBin(found.incidents)];
  const data: MetricsBucket[] = [];
  for (let at = from.getTime(); at < to.getTime(); at += strideMs) {
    const counts = { groups: groups(at), denying: denying(at), waits: waits(at)[0] ?? NO_WAITS };
    const until = Math.min(at + strideMs, to.getTime());
    data.push({ ...bucketOf(counts, at, until), incidents: incidents(at)[0]?.count ?? 0 });
  }
  const within = { from: from.toISOString(), to: to.toISOString() };
  return { tenant, ...within, bucketSeconds: strideMs / 1000, data };
}

function bucketOf(counts: Counts, from: number, to: number): Omit<MetricsBucket, 'incidents'> {
  const { funnel, denials, approvals, tools, drifted, inDoubt } = figuresOf(counts);
  const { granted, edited, rejected, decided, overrideRate, waitSeconds } = approvals;
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    funnel,
    denials: { total: denials.total, byRule: denials.byRule, withoutRule: denials.withoutRule },
    approvals: { granted, edited, rejected, decided, overrideRate, waitSeconds },
    tools: tools.map(({ tool, ended, failed, errorRate }) => ({ tool, ended, failed, errorRate })),
    drifted,
    inDoubt,
  };
}

function byBin<T extends Binned>(lines: T[]): (at: number) => T[] {
  const bins = Map.groupBy(lines, ({ bin }) => bin.getTime());
  return (at) => bins.get(at) ?? [];
}
