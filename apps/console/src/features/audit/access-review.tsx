import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getV1AccessReviewOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { Tag } from '../../ui/tag.js';
import { Time } from '../../ui/time.js';
import { reviewWords, standingOf, toolOf, type AccessLine } from './access.js';

/** Who may approve what, beside who did. */
export function AccessReview() {
  const review = useQuery(getV1AccessReviewOptions());
  if (review.isPending) return <Loading label="the access review" />;
  if (review.isError) return <Failed error={review.error} onRetry={() => void review.refetch()} />;
  const { data } = review.data;
  if (data.length === 0)
    return (
      <Empty title="No tool asks for approval">Once a workflow is loaded whose tools do, they are listed here.</Empty>
    );
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-start">
        <Text maw={640}>
          {reviewWords(data)} Only people who were seen are listed, with the roles they had then: the directory knows
          the others.
        </Text>
        <Button
          component="a"
          href="/v1/access-review?format=csv"
          download="access-review.csv"
          variant="default"
          size="xs"
          leftSection={<IconDownload size={14} aria-hidden />}
        >
          CSV
        </Button>
      </Group>
      <Table.ScrollContainer
        minWidth={880}
        type="native"
        tabIndex={0}
        role="region"
        aria-label="Who may approve what, and who did"
      >
        <Table captionSide="top" verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              {COLUMNS.map((column) => (
                <Table.Th key={column} scope="col">
                  {column}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.map((line, n) => (
              <Line key={n} line={line} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}

const COLUMNS = ['Tool', 'Person', 'Standing', 'Roles', 'Granted', 'Edited', 'Rejected', 'Settled', 'Last decided'];

function Line({ line }: { line: AccessLine }) {
  const { tone, word } = standingOf(line);
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        {toolOf(line)}
      </Table.Th>
      <Table.Td>{line.person ?? '—'}</Table.Td>
      <Table.Td>
        <Tag tone={tone}>{word}</Tag>
      </Table.Td>
      <Table.Td>{line.roles.join(', ') || '—'}</Table.Td>
      <Table.Td>{line.granted}</Table.Td>
      <Table.Td>{line.edited}</Table.Td>
      <Table.Td>{line.rejected}</Table.Td>
      <Table.Td>{line.settled}</Table.Td>
      <Table.Td>{line.lastAt ? <Time at={line.lastAt} /> : 'never'}</Table.Td>
    </Table.Tr>
  );
}
