import type { GetV1MetricsSeriesResponse, GetV1MetricsSummaryResponse } from '../../api/generated/index.js';
import type { Cell, Figures } from '../../ui/csv.js';
import { toolName } from '../../ui/record-name.js';
import { axisTime, type Range } from './range.js';
import { counted, duration, percent, plainName } from './words.js';

export type Summary = GetV1MetricsSummaryResponse;
export type Series = GetV1MetricsSeriesResponse;
type Bucket = Series['data'][number];

export type Unit = 'count' | 'percent' | 'seconds';
export interface OverTime {
  kind: 'over-time';
  form: 'bars' | 'lines';
  unit: Unit;
  /** Names of the series. */
  series: string[];
  /** Of each stretch a value a series; null where there is none. */
  points: { from: string; values: (number | null)[] }[];
}
export interface ByName {
  kind: 'by-name';
  unit: Unit;
  series: string[];
  bars: { name: string; values: (number | null)[] }[];
  objective?: { value: number; label: string };
}

/** One plot: `title` says what is seen, `figures` are all that is drawn. Without a chart there is nothing to draw, and `empty` says why. */
export interface Plot {
  id: string;
  title: string;
  note?: string;
  figures: Figures;
  chart?: OverTime | ByName;
  empty?: string;
}

/** The most of its executions that a tool may fail: docs/metrics.md says where it comes from. */
export const TOOL_ERROR_OBJECTIVE = 0.02;
const MOST_SERIES = 6;

const timeCell = (at: string, range: Range): Cell => ({ value: at, text: axisTime(at, range) });
const rateCell = (rate: number | null): Cell => (rate === null ? null : { value: rate, text: percent(rate) });
const secondsCell = (seconds: number | null | undefined): Cell =>
  seconds === null || seconds === undefined ? null : { value: seconds, text: duration(seconds) };

export const plotsOf = (summary: Summary, series: Series, range: Range): Plot[] => [
  denials(summary, series, range),
  overrides(summary, series, range),
  toolErrors(summary),
  waits(summary, series, range),
  funnel(summary),
];

const reasonsOf = ({ byRule, withoutRule }: Bucket['denials']) => [
  ...byRule.map(({ rule, count }) => ({ key: `rule ${rule}`, name: plainName(rule), count })),
  ...withoutRule.map(({ code, count }) => ({ key: `code ${code}`, name: plainName(code), count })),
];

/** Under its rule; under its code where no rule asked for it. The rarest together, where there are many. */
function denials({ denials: { total, ...told } }: Summary, { data }: Series, range: Range): Plot {
  const reasons = reasonsOf({ total, ...told }).sort((a, b) => b.count - a.count);
  const named = reasons.length > MOST_SERIES ? reasons.slice(0, MOST_SERIES - 1) : reasons;
  const others = reasons.length > named.length;
  const names = [...named.map(({ name }) => name), ...(others ? ['others'] : [])];
  const points = data.map(({ from, denials: of }) => {
    const here = reasonsOf(of);
    const counts = named.map(({ key }) => here.find((reason) => reason.key === key)?.count ?? 0);
    const all = here.reduce((sum, { count }) => sum + count, 0);
    return { from, values: [...counts, ...(others ? [all - counts.reduce((sum, count) => sum + count, 0)] : [])] };
  });
  const [most] = reasons;
  return {
    id: 'denials',
    title: most
      ? `${counted(total, 'denial')} ${range.words}, most by “${most.name}”`
      : `Nothing was denied ${range.words}`,
    note: 'By rule; by code where no rule asked for it. What several rules denied stands under each of them.',
    figures: {
      columns: ['From', ...names, 'Denials'],
      rows: points.map(({ from, values }, n) => [timeCell(from, range), ...values, data[n]!.denials.total]),
    },
    ...(most
      ? { chart: { kind: 'over-time', form: 'bars', unit: 'count', series: names, points } }
      : { empty: 'Every action that was proposed was allowed, or there was none.' }),
  };
}

function overrides({ approvals }: Summary, { data }: Series, range: Range): Plot {
  const { edited, rejected, decided, overrideRate } = approvals;
  const points = data.map(({ from, approvals: of }) => ({ from, values: [of.overrideRate] }));
  return {
    id: 'overrides',
    title:
      decided === 0
        ? `People decided on nothing ${range.words}`
        : `People changed or refused ${edited + rejected} of ${decided} proposals (${percent(overrideRate)})`,
    note: 'Override rate: (edited + rejected) ÷ decided.',
    figures: {
      columns: ['From', 'Granted', 'Edited', 'Rejected', 'Override rate'],
      rows: data.map(({ from, approvals: of }) => [
        ...[timeCell(from, range), of.granted, of.edited, of.rejected],
        rateCell(of.overrideRate),
      ]),
    },
    ...(decided > 0
      ? { chart: { kind: 'over-time', form: 'bars', unit: 'percent', series: ['override rate'], points } }
      : { empty: 'Once somebody approves, edits or rejects, it is counted here.' }),
  };
}

function toolErrors({ tools }: Summary): Plot {
  const sorted = [...tools].sort((a, b) => (b.errorRate ?? 0) - (a.errorRate ?? 0) || (a.tool < b.tool ? -1 : 1));
  const over = sorted.filter(({ errorRate }) => (errorRate ?? 0) > TOOL_ERROR_OBJECTIVE);
  const objective = percent(TOOL_ERROR_OBJECTIVE);
  const names = over.map(({ tool }) => toolName(tool)).join(', ');
  return {
    id: 'tool-errors',
    title: titleOfTools(tools.length, over.length, names, objective),
    note: `Failed ÷ ended, for each tool. The objective, at most ${objective}, is the line.`,
    figures: {
      columns: ['Tool', 'Ended', 'Failed', 'Error rate', 'Objective', 'Why'],
      rows: sorted.map(({ tool, ended, failed, errorRate, byCode }) => [
        ...[toolName(tool), ended, failed, rateCell(errorRate), rateCell(TOOL_ERROR_OBJECTIVE)],
        byCode.map(({ code, count }) => `${plainName(code)} ${count}`).join(', ') || null,
      ]),
    },
    ...(tools.length > 0
      ? {
          chart: {
            ...{ kind: 'by-name', unit: 'percent', series: ['within the objective', 'over the objective'] },
            bars: sorted.map(({ tool, errorRate }) => {
              const rate = errorRate ?? 0;
              return { name: toolName(tool), values: rate > TOOL_ERROR_OBJECTIVE ? [null, rate] : [rate, null] };
            }),
            objective: { value: TOOL_ERROR_OBJECTIVE, label: objective },
          },
        }
      : { empty: 'Once a tool has read, drafted or committed something, it is counted here.' }),
  };
}

function titleOfTools(all: number, over: number, names: string, objective: string): string {
  if (all === 0) return 'No tool was executed';
  if (over === 0) return `No tool failed more than ${objective} of its executions`;
  return `${over} of ${counted(all, 'tool')} ${over === 1 ? 'is' : 'are'} over the objective of ${objective} errors: ${names}`;
}

function waits({ approvals: { waitSeconds: all } }: Summary, { data }: Series, range: Range): Plot {
  const points = data.map(({ from, approvals: { waitSeconds: wait } }) => ({
    from,
    values: [wait?.p50 ?? null, wait?.p95 ?? null],
  }));
  return {
    id: 'waits',
    title: all
      ? `Half of the approvals were decided within ${duration(all.p50)}, 95 % within ${duration(all.p95)}`
      : `No approval was decided ${range.words}`,
    note: 'From an item’s opening to each decision of it.',
    figures: {
      columns: ['From', 'p50', 'p95', 'Decided'],
      rows: data.map(({ from, approvals: { waitSeconds: wait, decided } }) => [
        ...[timeCell(from, range), secondsCell(wait?.p50), secondsCell(wait?.p95), decided],
      ]),
    },
    ...(all
      ? {
          chart: {
            ...{ kind: 'over-time', form: 'lines', unit: 'seconds' },
            ...{ series: ['p50 (half are faster)', 'p95 (1 of 20 is slower)'], points },
          },
        }
      : { empty: 'Once somebody has decided on an item, how long it waited is counted here.' }),
  };
}

function funnel({ funnel: { intents, proposed, approved, committed } }: Summary): Plot {
  const steps = [
    ['intents accepted', intents],
    ['actions proposed', proposed],
    ['actions approved', approved],
    ['actions committed', committed],
  ] as const;
  return {
    id: 'funnel',
    title: `Of ${counted(intents, 'intent')}, ${counted(proposed, 'action')} came, ${approved} approved, ${committed} committed`,
    note: 'An intent may lead to several actions, or to none; a read is approved and commits nothing.',
    figures: { columns: ['Step', 'Count'], rows: steps.map((step) => [...step]) },
    ...(intents > 0
      ? {
          chart: {
            ...{ kind: 'by-name', unit: 'count', series: ['count'] },
            bars: steps.map(([name, count]) => ({ name, values: [count] })),
          },
        }
      : { empty: 'Nobody has asked for anything in this range yet.' }),
  };
}
