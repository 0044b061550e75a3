import '@mantine/charts/styles.css';
import { BarChart, LineChart, type ChartReferenceLineProps } from '@mantine/charts';
import classes from './chart.module.css';
import { bucketOf, type Mark } from './marks.js';
import { colorOf, dashOf, fillOf, Legend, Patterns } from './patterns.js';
import type { ByName, OverTime, Plot, Unit } from './plots.js';
import { axisTime, type Range } from './range.js';
import { duration, percent } from './words.js';

interface Props {
  plot: Plot;
  range: Range;
  marks: readonly Mark[];
}

/** The drawing of a plot; its title says the same in words, and its table all of it. */
export function Chart({ plot, range, marks }: Props) {
  const { chart, id, title } = plot;
  if (!chart) return null;
  const lines = chart.kind === 'over-time' && chart.form === 'lines';
  return (
    <div className={classes['chart']}>
      <div role="img" aria-label={`${title}. The same as a table: the button below.`}>
        {chart.kind === 'by-name' ? (
          <Named id={id} chart={chart} />
        ) : (
          <Timed id={id} chart={chart} range={range} marks={marks} />
        )}
      </div>
      {chart.series.length > 1 && <Legend plot={id} names={chart.series} lines={lines} />}
    </div>
  );
}

const FORMATS: Record<Unit, (value: number) => string> = {
  count: (value) => value.toLocaleString('en'),
  percent: (value) => percent(value),
  seconds: (value) => duration(value),
};

/** Names of series may hold dots, which recharts takes for paths. */
const keyOf = (series: number) => `s${series}`;
const valuesOf = (values: readonly (number | null)[]) =>
  Object.fromEntries(values.map((value, n) => [keyOf(n), value ?? undefined]));

const common = {
  h: 200,
  withLegend: false,
  accessibilityLayer: false,
  tooltipAnimationDuration: 0,
} as const;

function Timed({ id, chart, range, marks }: { id: string; chart: OverTime; range: Range; marks: readonly Mark[] }) {
  const { points, series, unit, form } = chart;
  const froms = points.map(({ from }) => from);
  const shared = {
    ...common,
    data: points.map(({ from, values }) => ({ from, ...valuesOf(values) })),
    dataKey: 'from',
    series: series.map((label, n) => ({ name: keyOf(n), label, color: colorOf(n) })),
    valueFormatter: FORMATS[unit],
    xAxisProps: { tickFormatter: (from: string) => axisTime(from, range), minTickGap: 24 },
    yAxisProps: { width: 62, allowDecimals: unit !== 'count' },
    tooltipProps: {
      labelFormatter: (from: unknown) => (typeof from === 'string' && from !== '' ? axisTime(from, range) : ''),
    },
    referenceLines: linesOf(marks, froms),
  };
  const margin = { top: 26, right: 16 };
  if (form === 'lines')
    return (
      <LineChart
        {...shared}
        lineChartProps={{ margin }}
        connectNulls
        curveType="linear"
        withDots
        lineProps={({ name }) => ({ strokeDasharray: dashOf(Number(name.slice(1))), isAnimationActive: false })}
      />
    );
  return (
    <BarChart {...shared} type="stacked" barProps={fills(id)} barChartProps={{ margin }}>
      <Patterns plot={id} count={series.length} />
    </BarChart>
  );
}

function Named({ id, chart: { bars, series, unit, objective } }: { id: string; chart: ByName }) {
  return (
    <BarChart
      {...common}
      h={Math.max(120, 48 + bars.length * 26)}
      orientation="vertical"
      type="stacked"
      data={bars.map(({ name, values }) => ({ name, ...valuesOf(values) }))}
      dataKey="name"
      series={series.map((label, n) => ({ name: keyOf(n), label, color: colorOf(n) }))}
      valueFormatter={FORMATS[unit]}
      gridAxis="y"
      maxBarWidth={18}
      xAxisProps={{ allowDecimals: unit !== 'count' }}
      yAxisProps={{ width: 130, interval: 0 }}
      barProps={fills(id)}
      referenceLines={
        objective
          ? [{ x: objective.value, color: 'var(--plot-mark)', label: objective.label, strokeDasharray: '4 3' }]
          : []
      }
    >
      <Patterns plot={id} count={series.length} />
    </BarChart>
  );
}

const fills = (id: string) => {
  return ({ name }: { name: string }) => ({ fill: fillOf(id, Number(name.slice(1))), isAnimationActive: false });
};

/** Where several marks fall into one stretch, one line has all their numbers. */
function linesOf(marks: readonly Mark[], froms: readonly string[]): ChartReferenceLineProps[] {
  const at = new Map<string, number[]>();
  for (const mark of marks) {
    const bucket = bucketOf(mark.at, froms);
    if (bucket) at.set(bucket, [...(at.get(bucket) ?? []), mark.n]);
  }
  // Above the plot, in two rows: neighbours do not cover each other.
  return [...at].map(([x, numbers], n) => ({
    x,
    color: 'var(--plot-mark)',
    strokeDasharray: '2 2',
    label: { value: numbersText(numbers), position: 'top', fill: 'var(--plot-mark)', fontSize: 11, dy: -12 * (n % 2) },
  }));
}

/** "1", "1, 2", "1–4" */
export function numbersText(numbers: readonly number[]): string {
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  return numbers.length > 2 && last - first === numbers.length - 1 ? `${first}–${last}` : numbers.join(', ');
}
