import { Button, Code, Group, NativeSelect, Paper, Stack, Text } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { getV1EvalsRunsInfiniteOptions, getV1WorkflowsOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { sessionQuery } from '../../api/session.js';
import { FreshButton } from '../../ui/fresh-button.js';
import { useHeld } from '../../ui/held.js';
import { Hint } from '../../ui/hint.js';
import { PageLink } from '../../ui/link.js';
import { Page } from '../../ui/page.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { Time } from '../../ui/time.js';
import { casesWords, keyOf, seesCases, shortPrint, standingOf, verdictOf, type Run } from './run.js';
import { ToldTag } from './told-tag.js';

const route = getRouteApi('/evals');

export function RunsView() {
  const { workflow } = route.useSearch();
  return (
    <Page title="Evals">
      <Text c="dimmed" maw={720}>
        A workflow acts only as what was tried: each release rests on a run of all its cases. Runs that released nothing
        are here too, with what kept them from it.
      </Text>
      <WhichWorkflow workflow={workflow} />
      <Runs workflow={workflow} />
    </Page>
  );
}

function WhichWorkflow({ workflow }: { workflow: string | undefined }) {
  const navigate = route.useNavigate();
  const loaded = useQuery(getV1WorkflowsOptions());
  const names = new Set([...(loaded.data?.data.map(({ name }) => name) ?? []), ...(workflow ? [workflow] : [])]);
  if (names.size < 2 && !workflow) return null;
  return (
    <NativeSelect
      label="Workflow"
      w={240}
      maw="100%"
      value={workflow ?? ''}
      onChange={({ currentTarget: { value } }) => void navigate({ search: value ? { workflow: value } : {} })}
      data={[{ value: '', label: 'All' }, ...[...names].sort()]}
    />
  );
}

function Runs({ workflow }: { workflow: string | undefined }) {
  const roles = useQuery(sessionQuery).data?.person.roles ?? [];
  const pages = useInfiniteQuery({
    ...getV1EvalsRunsInfiniteOptions({ query: { ...(workflow && { workflow }), limit: 50 } }),
    initialPageParam: {},
    getNextPageParam: ({ nextCursor }) => (nextCursor === null ? undefined : { query: { cursor: nextCursor } }),
  });
  const latest = pages.data?.pages.flatMap(({ data }) => data);
  // What is loaded when it is asked for is shown at once.
  const list = `${workflow ?? 'all'} ${pages.data?.pages.length ?? 0}`;
  const { shown, fresh, takeIn } = useHeld(latest, keyOf, list);
  if (pages.isPending) return <Loading label="runs" />;
  if (pages.isError) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  if (shown.length === 0) return <NothingYet />;
  return (
    <>
      <FreshButton fresh={fresh} onClick={takeIn} />
      <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Runs">
        {shown.map((run) => (
          <RunLine key={keyOf(run)} run={run} seen={seesCases(roles)} />
        ))}
      </Stack>
      {pages.hasNextPage && (
        <Button variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Load more
        </Button>
      )}
    </>
  );
}

function RunLine({ run, seen }: { run: Run; seen: boolean }) {
  const { id, workflow, at, by, fingerprint } = run;
  return (
    <Paper component="li" withBorder p="sm">
      <Group justify="space-between" align="flex-start" gap="xs">
        <Stack gap={2} flex="1 1 16rem" miw={0}>
          <Text component="span">
            {id && seen ? (
              <PageLink to="/evals" search={{ run: id }} fw={600}>
                {workflow}
              </PageLink>
            ) : (
              <Text span fw={600}>
                {workflow}
              </Text>
            )}
            {': '}
            {casesWords(run)}
          </Text>
          <Text size="sm" c="dimmed">
            <Time at={at} />
            {by && ` · told by ${by}`}
            {' · fingerprint '}
            <Hint says={fingerprint}>
              <Code>{shortPrint(fingerprint)}</Code>
            </Hint>
          </Text>
          {seen && id === null && run.report.kind === 'release' && (
            <Text size="sm" c="dimmed">
              What became of its cases was not told to your tenant.
            </Text>
          )}
        </Stack>
        <Group gap="xs">
          <ToldTag told={verdictOf(run)} />
          <ToldTag told={standingOf(run)} />
        </Group>
      </Group>
    </Paper>
  );
}

function NothingYet() {
  return (
    <Stack align="center" gap={0}>
      <Empty title="Nothing was released yet">
        Until a run of its cases is released, a workflow only reads and runs dry. Run them, then publish the report:
      </Empty>
      <Code block>
        {'npx countersign evals run --report run.json --key release.pem\nnpx countersign release publish run.json'}
      </Code>
    </Stack>
  );
}
