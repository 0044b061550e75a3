import type { MetricsSummary } from '@countersign/contracts';
import { DECIDED, ENDED, type Figure } from './counted.js';
import type { Range } from './range.js';

/** How many lines of a range agree in these. */
export interface Group {
  figure: Figure;
  tool: string | null;
  detail: string | null;
  count: number;
}

/** Seconds from opened to decided; null if nothing was decided. */
export interface Waits {
  p50: number | null;
  p95: number | null;
  max: number | null;
}

/** What was counted in one stretch of time. */
export interface Counts {
  groups: Group[];
  /** Of denials: a line for each rule that asked for one; without a rule, for each code. */
  denying: { rule: string | null; code: string; count: number }[];
  waits: Waits;
}

interface Found extends Counts {
  tenant: string;
  range: Range;
  /** Doubts of the range that nothing has resolved. */
  open: number;
  incidents: MetricsSummary['incidents'];
}

export function summaryOf({ tenant, range, open, incidents, ...counts }: Found): MetricsSummary {
  const { inDoubt, ...figures } = figuresOf(counts);
  const within = { from: range.from.toISOString(), to: range.to.toISOString() };
  return { tenant, ...within, ...figures, inDoubt: { ever: inDoubt, open }, incidents };
}

/** The figures of one stretch of time, as it was: what became of its doubts and incidents since is not in them. */
export function figuresOf({ groups, denying, waits }: Counts) {
  const of = (...figures: Figure[]) => groups.filter(({ figure }) => figures.includes(figure));
  const count = (...figures: Figure[]) => total(of(...figures));
  const decided = count(...DECIDED);
  return {
    funnel: {
      intents: count('accepted', 'asked'),
      proposed: count('proposed', 'asked'),
      approved: count('approved'),
      committed: total(of(...ENDED).filter((group) => outcomeOf(group) === 'committed')),
    },
    refused: { total: count('refused'), byCode: byCode(of('refused')) },
    tools: toolsOf(of(...ENDED)),
    denials: { total: count('denied'), byCode: byCode(of('denied')), ...denialsOf(denying) },
    approvals: {
      opened: count('opened'),
      granted: count('granted'),
      edited: count('edited'),
      rejected: count('rejected'),
      decided,
      overrideRate: rate(count('edited', 'rejected'), decided),
      expired: total(of('denied').filter(({ detail }) => detail === 'APPROVAL_EXPIRED')),
      waitSeconds: secondsOf(waits),
    },
    unsent: { blocked: count('blocked'), returned: count('returned'), byCode: byCode(of('blocked', 'returned')) },
    drifted: total(of('returned').filter(({ detail }) => detail === 'PREVIEW_CHANGED')),
    inDoubt: count('in-doubt'),
    parked: count('unreadable'),
  };
}

const total = (groups: { count: number }[]) => groups.reduce((sum, { count }) => sum + count, 0);
const rate = (part: number, whole: number) => (whole === 0 ? null : part / whole);

function toolsOf(groups: Group[]): MetricsSummary['tools'] {
  const tools = [...new Set(groups.map(({ tool }) => tool ?? ''))].sort();
  return tools.map((tool) => {
    const own = groups.filter((group) => (group.tool ?? '') === tool);
    const ending = (outcome: string) => own.filter((group) => outcomeOf(group) === outcome);
    const [ended, failed] = [total(own), total(ending('failed'))];
    const outcomes = {
      read: total(ending('read')),
      previewed: total(ending('previewed')),
      drafted: total(ending('drafted')),
      committed: total(ending('committed')),
      failed,
    };
    return { tool, ended, failed, errorRate: rate(failed, ended), outcomes, byCode: byCode(ending('failed')) };
  });
}

const outcomeOf = ({ figure, detail }: Group) => (figure === 'resolved' ? detail : figure);

/** What a person or a look-up found to have failed has no code but that it was in doubt. */
const codeOf = ({ figure, detail }: Group) => (figure === 'resolved' ? 'IN_DOUBT' : (detail ?? ''));

function byCode(groups: Group[]): { code: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const group of groups) counts.set(codeOf(group), (counts.get(codeOf(group)) ?? 0) + group.count);
  return mostFirst(
    [...counts].map(([code, count]) => ({ code, count })),
    ({ code }) => code,
  );
}

function denialsOf(denying: Counts['denying']): Pick<MetricsSummary['denials'], 'byRule' | 'withoutRule'> {
  const rules = new Map<string, number>();
  for (const { rule, count } of denying) if (rule !== null) rules.set(rule, (rules.get(rule) ?? 0) + count);
  const byRule = [...rules].map(([rule, count]) => ({ rule, count }));
  const withoutRule = denying.flatMap(({ rule, code, count }) => (rule === null ? [{ code, count }] : []));
  return { byRule: mostFirst(byRule, ({ rule }) => rule), withoutRule: mostFirst(withoutRule, ({ code }) => code) };
}

const mostFirst = <T extends { count: number }>(counts: T[], name: (one: T) => string): T[] =>
  counts.sort((a, b) => b.count - a.count || (name(a) < name(b) ? -1 : 1));

function secondsOf({ p50, p95, max }: Waits): MetricsSummary['approvals']['waitSeconds'] {
  return p50 === null || p95 === null || max === null ? null : { p50, p95, max };
}
