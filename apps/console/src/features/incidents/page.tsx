import { Button, Chip, Group, Paper, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { getV1IncidentsInfiniteOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { FreshButton } from '../../ui/fresh-button.js';
import { useHeld } from '../../ui/held.js';
import { PageLink } from '../../ui/link.js';
import { Page } from '../../ui/page.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { Tag } from '../../ui/tag.js';
import { Time } from '../../ui/time.js';
import { IncidentClock } from './clock.js';
import { causeWords, nothingOf, openedBy, queryOf, sentence, subjectOf, type Incident } from './incident.js';
import { OpenIncident } from './open-incident.js';
import { STATES, type StateFilter } from './search.js';

const route = getRouteApi('/incidents');

export function IncidentsPage() {
  const { state } = route.useSearch();
  const [opening, { open, close }] = useDisclosure();
  return (
    <Page
      title="Incidents"
      actions={
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
          Open an incident
        </Button>
      }
    >
      <Text c="dimmed" maw={720}>
        What went wrong, or nearly did. Each becomes a case of its workflow within 24 hours; a release that passes the
        case closes it. While one is overdue, its workflow is not released.
      </Text>
      <WhichOnes state={state} />
      <Incidents state={state} />
      <OpenIncident opened={opening} onClose={close} />
    </Page>
  );
}

const LABELS: Record<StateFilter, string> = {
  open: 'Open',
  overdue: 'Overdue',
  captured: 'Captured',
  closed: 'Closed',
};

function WhichOnes({ state }: { state: StateFilter | undefined }) {
  const navigate = route.useNavigate();
  const choose = (chosen: string) => {
    const known = STATES.find((each) => each === chosen);
    void navigate({ search: known ? { state: known } : {} });
  };
  return (
    <Chip.Group value={state ?? 'all'} onChange={(value) => choose(value as string)}>
      <Group gap="xs" role="group" aria-label="Which incidents">
        <Chip value="all">All</Chip>
        {STATES.map((each) => (
          <Chip key={each} value={each}>
            {LABELS[each]}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
}

function Incidents({ state }: { state: StateFilter | undefined }) {
  const pages = useInfiniteQuery({
    ...getV1IncidentsInfiniteOptions({ query: { ...queryOf(state), limit: 50 } }),
    initialPageParam: {},
    getNextPageParam: ({ nextCursor }) => (nextCursor === null ? undefined : { query: { cursor: nextCursor } }),
  });
  const latest = pages.data?.pages.flatMap(({ data }) => data);
  // What is loaded when it is asked for is shown at once.
  const list = `${state ?? 'all'} ${pages.data?.pages.length ?? 0}`;
  const { shown, gone, fresh, takeIn } = useHeld(latest, ({ id }) => id, list);
  if (pages.isPending) return <Loading label="incidents" />;
  if (pages.isError) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  const [title, words] = nothingOf(state);
  if (shown.length === 0) return <Empty title={title}>{words}</Empty>;
  return (
    <>
      <FreshButton fresh={fresh} onClick={takeIn} />
      <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Incidents">
        {shown.map((incident) => (
          <IncidentLine key={incident.id} incident={incident} left={!pages.hasNextPage && gone.has(incident.id)} />
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

/** `left`: it is no longer one of those that were asked for. */
function IncidentLine({ incident, left }: { incident: Incident; left: boolean }) {
  const { id, cause, note, workflow, requestedBy, openedAt, state } = incident;
  return (
    <Paper component="li" withBorder p="sm">
      <Group justify="space-between" align="flex-start" gap="xs">
        <Stack gap={2} flex="1 1 16rem" miw={0}>
          <PageLink to="/incidents/$incidentId" params={{ incidentId: id }} fw={600}>
            {sentence(subjectOf(incident))}
            <Text span inherit fw={400}>
              {' · '}
              {causeWords(cause)}
            </Text>
          </PageLink>
          {note && <Text style={{ overflowWrap: 'anywhere' }}>“{note}”</Text>}
          <Text size="sm" c="dimmed">
            {workflow && `${workflow} · `}
            {requestedBy && `asked for by ${requestedBy} · `}
            opened <Time at={openedAt} /> by {openedBy(incident)}
          </Text>
        </Stack>
        <Group gap="xs">
          {state === 'closed' && <Text size="sm">Closed,</Text>}
          {left ? <Tag tone="plain">changed since</Tag> : <IncidentClock incident={incident} />}
        </Group>
      </Group>
    </Paper>
  );
}
