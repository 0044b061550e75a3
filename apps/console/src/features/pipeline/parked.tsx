import { Alert, Button, Stack, Table, Text } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { postV1ParkedIdRedriveMutation } from '../../api/generated/@tanstack/react-query.gen.js';
import { getV1Parked } from '../../api/generated/sdk.gen.js';
import type { GetV1ParkedResponses } from '../../api/generated/types.gen.js';
import { Confirm } from '../../ui/confirm.js';
import { Facts } from '../../ui/facts.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { Tag } from '../../ui/tag.js';
import { Time } from '../../ui/time.js';

type Record = GetV1ParkedResponses[200]['data'][number];

/** Records that could not be handled: kept, and tried again when somebody says so. */
export function Parked() {
  const [chosen, setChosen] = useState<Record>();
  const parked = useInfiniteQuery({
    queryKey: [{ _id: 'getV1Parked' }, 'all'],
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) =>
      (await getV1Parked({ query: pageParam ? { cursor: pageParam } : {}, signal, throwOnError: true })).data,
    getNextPageParam: (page) => page.nextCursor,
  });
  if (parked.isPending) return <Loading label="parked records" />;
  if (parked.isError) return <Failed error={parked.error} onRetry={() => void parked.refetch()} />;
  const records = parked.data.pages.flatMap(({ data }) => data);
  const away = [...new Set(parked.data.pages.flatMap(({ unreachable = [] }) => unreachable))];
  return (
    <Stack gap="sm">
      {away.length > 0 && (
        <Alert color="yellow" role="status" title={`Unknown: ${away.join(', ')}`}>
          These services do not answer. What they have parked is not in this list.
        </Alert>
      )}
      {records.length === 0 ? (
        <Empty title="Nothing is parked">Every record that came could be handled.</Empty>
      ) : (
        <Table.ScrollContainer minWidth={560} type="native" tabIndex={0} role="region" aria-label="Parked records">
          <Table aria-label="Parked records" verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Parked</Table.Th>
                <Table.Th scope="col">By</Table.Th>
                <Table.Th scope="col">Where it stands</Table.Th>
                <Table.Th scope="col">Why</Table.Th>
                <Table.Th scope="col">Its details</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {records.map((record) => (
                <Table.Tr key={record.id}>
                  <Table.Td>
                    <Time at={record.parkedAt} />
                  </Table.Td>
                  <Table.Td>{record.service}</Table.Td>
                  <Table.Td>{`${record.topic}, partition ${record.partition}, offset ${record.offset}`}</Table.Td>
                  <Table.Td>
                    <b>{record.reason}</b>: {record.detail}
                    {record.lastError && <Text size="sm">Tried again, and: {record.lastError}</Text>}
                  </Table.Td>
                  <Table.Td>
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={`${record.redrivenAt ? 'Look at' : 'Redrive'} ${record.id}`}
                      onClick={() => setChosen(record)}
                    >
                      {record.redrivenAt ? 'Look…' : 'Redrive…'}
                    </Button>
                    {record.redrivenAt && <Tag tone="good">redriven</Tag>}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {parked.hasNextPage && (
        <Button variant="default" loading={parked.isFetchingNextPage} onClick={() => void parked.fetchNextPage()}>
          Load more
        </Button>
      )}
      {chosen && <Redrive record={chosen} onClose={() => setChosen(undefined)} />}
    </Stack>
  );
}

function Redrive({ record, onClose }: { record: Record; onClose: () => void }) {
  const client = useQueryClient();
  const redrive = useMutation({
    ...postV1ParkedIdRedriveMutation(),
    onSettled: () => client.invalidateQueries({ queryKey: [{ _id: 'getV1Parked' }] }),
  });
  const result = redrive.data;
  return (
    <Confirm
      opened
      onClose={onClose}
      title={record.redrivenAt ? 'This record was redriven' : 'Try this record again'}
      action="Redrive"
      done={result !== undefined || record.redrivenAt !== null}
      busy={redrive.isPending}
      error={redrive.error}
      onConfirm={() => redrive.mutate({ path: { id: record.id } })}
    >
      {result ? (
        <Alert
          role="status"
          color={result.redriven ? 'green' : 'yellow'}
          title={result.redriven ? 'It was handled' : 'It is parked still'}
        >
          {result.because ?? 'What it asked for goes its usual way now.'}
        </Alert>
      ) : record.redrivenAt ? null : (
        <Text size="sm">
          {record.service} reads it again as if it came now, once. If the same is wrong with it still, it stays parked.
          Mend the reason first: {record.detail}
        </Text>
      )}
      <Facts
        facts={{
          Reason: `${record.reason}: ${record.detail}`,
          'Read by': `${record.service}, as ${record.consumer}`,
          'Where it stands': `${record.topic}, partition ${record.partition}, offset ${record.offset}`,
          Published: <Time at={record.appendedAt} />,
          Parked: <Time at={record.parkedAt} />,
          Redriven: record.redrivenAt && <Time at={record.redrivenAt} />,
          'Tried again, and': record.lastError,
          'Its bytes': `kept encrypted by ${record.service}; no answer shows them`,
        }}
      />
    </Confirm>
  );
}
