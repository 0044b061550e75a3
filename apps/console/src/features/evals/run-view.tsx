import { Code, Group, NativeSelect, Paper, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { getV1EvalsRunsIdOptions, getV1EvalsRunsOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { Hint } from '../../ui/hint.js';
import { PageLink } from '../../ui/link.js';
import { Page } from '../../ui/page.js';
import { Failed, Loading } from '../../ui/states.js';
import { Time } from '../../ui/time.js';
import { CaseDetail } from './case-detail.js';
import { CasesView } from './cases-view.js';
import { percent } from './cases.js';
import {
  baselineLabel,
  baselinesOf,
  casesWords,
  modelWords,
  shortPrint,
  standingOf,
  trustOf,
  usualBaseline,
  verdictOf,
  type Run,
  type RunDetail,
} from './run.js';
import { ToldTag } from './told-tag.js';

const route = getRouteApi('/evals');

/** One run with its cases, beside another. */
export function RunView({ id }: { id: string }) {
  const { baseline } = route.useSearch();
  const runs = useQuery(getV1EvalsRunsOptions({ query: { limit: 200 } }));
  const all = runs.data?.data ?? [];
  const shown = all.find((run) => run.id === id);
  const chosen = baseline ?? (shown && usualBaseline(all, shown)) ?? 'none';
  const detail = useQuery({
    ...getV1EvalsRunsIdOptions({ path: { id }, ...(chosen !== 'none' && { query: { baseline: chosen } }) }),
    enabled: !runs.isPending,
    placeholderData: (before) => before,
  });
  const error = runs.error ?? detail.error;
  if (error || !detail.data)
    return (
      <Page title="A run of the evals">
        <Back />
        {error ? (
          <Failed error={error} onRetry={() => void (runs.error ? runs : detail).refetch()} />
        ) : (
          <Loading label="the run and its cases" lines={10} />
        )}
      </Page>
    );
  const run = detail.data;
  return (
    <Page title={`Run of ${run.workflow}`} actions={<ToldTag told={verdictOf(run)} />}>
      <Back />
      <Summary run={run} />
      <Baseline runs={baselinesOf(all, run)} chosen={chosen} />
      <CasesView run={run} />
      <CaseDetail run={run} />
    </Page>
  );
}

const Back = () => (
  <PageLink to="/evals" size="sm" w="fit-content">
    All runs
  </PageLink>
);

function Summary({ run }: { run: RunDetail }) {
  const { at, by, model, seconds, fingerprint, coverage, passPowers } = run;
  const most = passPowers.at(-1);
  return (
    <Paper withBorder p="md">
      <Stack gap="xs">
        <Group gap="xs">
          <ToldTag told={standingOf(run)} />
          <ToldTag told={trustOf(run)} />
        </Group>
        <Text>
          {casesWords(run)}; the model {modelWords(model)}, {seconds.toFixed(1)} s in all.
        </Text>
        <Text size="sm" c="dimmed">
          <Time at={at} />
          {by && `, told by ${by}`}, fingerprint{' '}
          <Hint says={fingerprint}>
            <Code>{shortPrint(fingerprint)}</Code>
          </Hint>
          {coverage &&
            `; the cases reach ${coverage.reached} of ${coverage.points} points of its tools, roles and rules`}
        </Text>
        {most && most.k > 1 && (
          <Text size="sm">
            Each case ran up to {most.k} times. All pass once: {percent(passPowers[0]!.estimate)}; {most.k} times in a
            row (pass^{most.k}): {percent(most.estimate)}.
          </Text>
        )}
      </Stack>
    </Paper>
  );
}

function Baseline({ runs, chosen }: { runs: readonly Run[]; chosen: string }) {
  const navigate = route.useNavigate();
  if (runs.length === 0)
    return (
      <Text size="sm" c="dimmed">
        There is no other run of this workflow to compare it with.
      </Text>
    );
  return (
    <NativeSelect
      label="Compared with"
      maw={480}
      value={chosen}
      onChange={({ currentTarget: { value } }) =>
        void navigate({ search: ({ change: _, ...before }) => ({ ...before, baseline: value }) })
      }
      data={[
        { value: 'none', label: 'no other run' },
        ...runs.map((run) => ({ value: run.id!, label: baselineLabel(run) })),
      ]}
    />
  );
}
