import { Badge, Drawer, Group, List, Stack, Table, Text, Title } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import {
  attemptsWords,
  caseVerdict,
  CHANGE_WORDS,
  differencesOf,
  durationOf,
  placeOf,
  reachedWords,
  type Case,
} from './cases.js';
import type { RunDetail } from './run.js';
import { ToldTag } from './told-tag.js';

const route = getRouteApi('/evals');

/** One case: what was expected, what came, and what it did. */
export function CaseDetail({ run }: { run: RunDetail }) {
  const { case: id } = route.useSearch();
  const navigate = route.useNavigate();
  const one = run.cases.find((each) => each.id === id);
  const close = () => void navigate({ search: ({ case: _, ...before }) => before });
  return (
    <Drawer
      opened={id !== undefined}
      onClose={close}
      position="right"
      size="lg"
      title={one ? one.title : 'There is no such case in this run'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {one && <Shown one={one} compared={run.baseline !== null} />}
    </Drawer>
  );
}

function Shown({ one, compared }: { one: Case; compared: boolean }) {
  const { verdict, change, was, tags, because } = one;
  const gone = change === 'gone';
  return (
    <Stack gap="md">
      <Group gap="xs">
        <ToldTag told={gone ? { tone: 'unknown', words: 'Not run' } : caseVerdict(verdict)} />
        {compared && change && (
          <Badge tt="none" variant="outline" color="gray">
            {CHANGE_WORDS[change]}
          </Badge>
        )}
        {tags.map((tag) => (
          <Badge key={tag} variant="outline" color="gray" tt="none">
            {tag}
          </Badge>
        ))}
      </Group>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {placeOf(one)}
        {durationOf(one) && `; it took ${durationOf(one)}`}
        {attemptsWords(one) && `; ${attemptsWords(one)}`}
      </Text>
      {compared && (
        <Text size="sm">
          In the other run: {was ? caseVerdict(was).words.toLowerCase() : 'not there'}.
          {gone && ' What is below is what came of it there.'}
        </Text>
      )}
      {because && <Text>Skipped: {because}</Text>}
      <Differences one={one} />
      <Reached one={one} />
    </Stack>
  );
}

function Differences({ one }: { one: Case }) {
  const differences = differencesOf(one);
  if (differences.length === 0)
    return one.verdict === 'pass' ? <Text>All that was expected came, and nothing else.</Text> : null;
  const times = (count: number) => (one.attempts.length > 1 ? ` (in ${count} of ${one.attempts.length} attempts)` : '');
  return (
    <Stack gap="xs">
      <Title order={3} size="h5">
        Expected, and what came
      </Title>
      <Table withTableBorder withColumnBorders layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Expected</Table.Th>
            <Table.Th scope="col">Came</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {differences.map(({ expected, found, isSoFar, times: count }) => (
            <Table.Tr key={`${expected} ${found}`} style={{ verticalAlign: 'top' }}>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{expected ?? 'that it can be judged'}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>
                {found}
                {times(count)}
                {isSoFar && ', until it could not go on'}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}

function Reached({ one: { reached } }: { one: Case }) {
  if (reached.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={3} size="h5">
        What it came to
      </Title>
      <List type="ordered" size="sm">
        {reached.map((each, at) => (
          <List.Item key={at} style={{ overflowWrap: 'anywhere' }}>
            {reachedWords(each)}
          </List.Item>
        ))}
      </List>
    </Stack>
  );
}
