import { Alert, Button, Paper, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getV1ErasuresInfiniteOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { Time } from '../../ui/time.js';
import { EraseSubject, type Erased } from './erase-subject.js';
import { erasureWords, type Erasure } from './told.js';

/** Data subjects whose keys were destroyed; for admins, destroying them. */
export function Erasures({ mayErase }: { mayErase: boolean }) {
  const [erased, setErased] = useState<Erased>();
  return (
    <Stack gap="md">
      {mayErase && <EraseSubject onErased={setErased} />}
      {erased && (
        <Alert role="status" color="blue" title={`${erased.subject} is erased`}>
          {erasureWords(erased)}. It is written down.
        </Alert>
      )}
      <List awaited={erased?.eventId} />
    </Stack>
  );
}

/** What audit just wrote comes to the list a moment later: it is asked for until it is there. */
function List({ awaited }: { awaited: string | undefined }) {
  const pages = useInfiniteQuery({
    ...getV1ErasuresInfiniteOptions({ query: { limit: 50 } }),
    initialPageParam: {},
    getNextPageParam: ({ nextCursor }) => (nextCursor === null ? undefined : { query: { cursor: nextCursor } }),
    refetchInterval: ({ state: { data } }) => {
      const isThere = data?.pages.some((page) => page.data.some(({ eventId }) => eventId === awaited));
      return awaited && !isThere ? 1_000 : false;
    },
  });
  if (pages.isPending) return <Loading label="erasures" />;
  if (pages.isError) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  const erasures = pages.data.pages.flatMap(({ data }) => data);
  if (erasures.length === 0)
    return (
      <Empty title="Nobody was erased">
        When an admin erases a data subject, their sealed values never open again, for nobody, and it is listed here.
      </Empty>
    );
  return (
    <>
      <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Erasures">
        {erasures.map((erasure) => (
          <ErasureLine key={erasure.eventId} erasure={erasure} />
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

function ErasureLine({ erasure }: { erasure: Erasure }) {
  const { subject, by, at, reason } = erasure;
  return (
    <Paper component="li" withBorder p="sm">
      <Text style={{ overflowWrap: 'anywhere' }}>
        <b>{by.sub}</b> ({by.roles.join(', ')}) erased <b>{subject}</b>, <Time at={at} />: {erasureWords(erasure)}
      </Text>
      <Text style={{ overflowWrap: 'anywhere' }}>“{reason}”</Text>
    </Paper>
  );
}
