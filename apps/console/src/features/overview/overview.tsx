import { Alert, Paper, SimpleGrid, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import {
  getV1ControlOptions,
  getV1EvalsRunsOptions,
  getV1MetricsSeriesOptions,
  getV1MetricsSummaryOptions,
  getV1PipelineOptions,
} from '../../api/generated/@tanstack/react-query.gen.js';
import { sessionQuery } from '../../api/session.js';
import { Page } from '../../ui/page.js';
import { PlotCard } from '../../ui/plot-card.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { useNow } from '../../ui/time.js';
import { Chart } from './chart.js';
import { keyFigures } from './figures.js';
import { KeyFigures } from './key-figures.js';
import { marksOf, type Mark } from './marks.js';
import { MarkList } from './mark-list.js';
import { lagPlot, tripsPlot, type ServiceLag } from './operation-plots.js';
import { plotsOf, type Plot, type Series, type Summary } from './plots.js';
import { RangePicker } from './range-picker.js';
import { rangeOf, type Range } from './range.js';

const route = getRouteApi('/');
const OPERATORS = ['sre', 'admin'];

/** Figures of the tenant in a range, asked for again each minute. */
export function Overview() {
  const search = route.useSearch();
  const range = rangeOf(search, useNow(15_000));
  const { from, to, buckets } = range;
  const summary = useQuery({
    ...getV1MetricsSummaryOptions({ query: { from, to } }),
    placeholderData: keepPreviousData,
  });
  const series = useQuery({
    ...getV1MetricsSeriesOptions({ query: { from, to, buckets } }),
    placeholderData: keepPreviousData,
  });
  const retry = () => void Promise.all([summary.refetch(), series.refetch()]);
  return (
    <Page title="Overview" actions={<RangePicker range={range} />}>
      {summary.isError || series.isError ? (
        <Failed error={summary.error ?? series.error} onRetry={retry} />
      ) : summary.isPending || series.isPending ? (
        <Loading label="the figures" lines={8} />
      ) : (
        <Figures summary={summary.data} series={series.data} range={range} />
      )}
    </Page>
  );
}

function Figures({ summary, series, range }: { summary: Summary; series: Series; range: Range }) {
  const control = useQuery(getV1ControlOptions());
  const runs = useQuery(getV1EvalsRunsOptions({ query: { limit: 200 } }));
  const { from, to } = range;
  const marks = marksOf(control.data?.history ?? [], runs.data?.data ?? [], from, to);
  const plots = [...plotsOf(summary, series, range), ...(control.data ? [tripsPlot(control.data.history, range)] : [])];
  const nothing = summary.funnel.intents + summary.refused.total + summary.parked === 0;
  return (
    <>
      {nothing && (
        <Empty title={`Nothing was asked for ${range.words}`}>
          Figures come with the first intent. What was changed, and what waits, is below all the same.
        </Empty>
      )}
      <KeyFigures figures={keyFigures(summary)} range={range} />
      {control.isError || runs.isError ? <MarksUnknown /> : <MarkList marks={marks} />}
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        {plots.map((plot) => (
          <Card key={plot.id} plot={plot} range={range} marks={marks} />
        ))}
        <Lag range={range} />
      </SimpleGrid>
    </>
  );
}

/** As it stands now: for those who operate the services; others are told who they are. */
function Lag({ range }: { range: Range }) {
  const roles = useQuery(sessionQuery).data?.person.roles ?? [];
  const may = OPERATORS.some((role) => roles.includes(role));
  const pipeline = useQuery({ ...getV1PipelineOptions(), enabled: may, refetchInterval: 15_000 });
  if (may && pipeline.isSuccess)
    return <Card plot={lagPlot((pipeline.data as { data: ServiceLag[] }).data)} range={range} marks={[]} />;
  return (
    <Paper component="section" aria-labelledby="plot-lag" withBorder p="md">
      <Title order={2} size="h5" id="plot-lag">
        {may && pipeline.isError ? 'Unknown: how far the services are behind' : 'How far the services are behind'}
      </Title>
      {may && pipeline.isError && <Failed error={pipeline.error} onRetry={() => void pipeline.refetch()} />}
      {!may && <Text c="dimmed">People with the role sre or admin see it here.</Text>}
    </Paper>
  );
}

function Card({ plot, range, marks }: { plot: Plot; range: Range; marks: readonly Mark[] }) {
  const { id, title, note, figures, chart, empty } = plot;
  const search = route.useSearch();
  const { tables = [] } = search;
  const navigate = route.useNavigate();
  const show = (asTable: boolean) => {
    const others = tables.filter((each) => each !== id);
    const shown = asTable ? [...others, id] : others;
    const { tables: _, ...rest } = search;
    void navigate({
      search: { ...rest, ...(shown.length > 0 ? { tables: shown } : {}) },
      replace: true,
      resetScroll: false,
    });
  };
  const said = { id, title, note, figures, empty, asTable: tables.includes(id), onAsTable: show };
  return <PlotCard {...said}>{chart && <Chart plot={plot} range={range} marks={marks} />}</PlotCard>;
}

const MarksUnknown = () => (
  <Alert role="status" color="yellow" title="Unknown: what was changed">
    Switches, stages and releases can't be read now: the plots show none of them.
  </Alert>
);
