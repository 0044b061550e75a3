import { Button, Paper, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getV1RevealsInfiniteOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { PageLink } from '../../ui/link.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { Time } from '../../ui/time.js';
import { fieldsOf, type Reveal, valuesWords } from './told.js';

/** Who was shown which sealed values, and why. */
export function Reveals() {
  const pages = useInfiniteQuery({
    ...getV1RevealsInfiniteOptions({ query: { limit: 50 } }),
    initialPageParam: {},
    getNextPageParam: ({ nextCursor }) => (nextCursor === null ? undefined : { query: { cursor: nextCursor } }),
  });
  if (pages.isPending) return <Loading label="reveals" />;
  if (pages.isError) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  const reveals = pages.data.pages.flatMap(({ data }) => data);
  if (reveals.length === 0)
    return (
      <Empty title="Nobody was shown a sealed value">
        An auditor opens them in a trace, with a reason; each time is listed here, of the days that are not archived.
      </Empty>
    );
  return (
    <>
      <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Reveals">
        {reveals.map((reveal) => (
          <RevealLine key={reveal.eventId} reveal={reveal} />
        ))}
      </Stack>
      {pages.hasNextPage && (
        <Button mt="sm" variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Load more
        </Button>
      )}
    </>
  );
}

function RevealLine({ reveal: { by, at, reason, intentId, requestedBy, opened } }: { reveal: Reveal }) {
  return (
    <Paper component="li" withBorder p="sm">
      <Text>
        <b>{by.sub}</b> ({by.roles.join(', ')}) {opened.length === 0 ? 'asked for sealed values' : 'opened'}{' '}
        {opened.length > 0 && valuesWords(opened.length)} in{' '}
        <PageLink to="/traces/$intentId" params={{ intentId }} underline="always">
          {requestedBy ? `a request of ${requestedBy}` : 'a request whose beginning is archived'}
        </PageLink>
        , <Time at={at} />
      </Text>
      <Text style={{ overflowWrap: 'anywhere' }}>“{reason}”</Text>
      {opened.length > 0 && (
        <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {fieldsOf(opened)}
        </Text>
      )}
    </Paper>
  );
}
