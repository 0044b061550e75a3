import { Anchor, Badge, Button, Chip, Group, NativeSelect, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { Empty } from '../../ui/states.js';
import {
  CHANGE_WORDS,
  caseVerdict,
  changesIn,
  chosenCases,
  durationOf,
  attemptsWords,
  tagsIn,
  type Case,
} from './cases.js';
import type { RunDetail } from './run.js';
import { VERDICTS, type Change, type EvalsSearch } from './search.js';
import { ToldTag } from './told-tag.js';

const route = getRouteApi('/evals');
/** So many lines are shown at first, and more when asked for. */
const AT_ONCE = 50;

/** The cases of a run: those that matter first. */
export function CasesView({ run }: { run: RunDetail }) {
  const search = route.useSearch();
  const { verdict, change, tag, text } = search;
  const cases = chosenCases(run.cases, search);
  return (
    <Stack gap="sm">
      <Title order={2} size="h3">
        Cases
      </Title>
      {run.baseline && <Changes run={run} chosen={change} />}
      <Filters cases={run.cases} />
      <Text size="sm" role="status">
        {cases.length === run.cases.length ? `${cases.length} cases` : `${cases.length} of ${run.cases.length} cases`}
      </Text>
      {cases.length === 0 ? (
        <Empty title="No case is like that">Take a filter away to see others.</Empty>
      ) : (
        <CaseTable key={`${verdict} ${change} ${tag} ${text}`} cases={cases} />
      )}
    </Stack>
  );
}

const useSearchChange = () => {
  const navigate = route.useNavigate();
  return (part: Partial<Record<keyof EvalsSearch, string>>) =>
    void navigate({
      search: (before) => {
        const next = Object.entries({ ...before, ...part }).filter(([, value]) => value);
        return Object.fromEntries(next) as EvalsSearch;
      },
      replace: true,
    });
};

function Changes({ run, chosen }: { run: RunDetail; chosen: Change | undefined }) {
  const set = useSearchChange();
  return (
    <Chip.Group value={chosen ?? 'all'} onChange={(value) => set({ change: value === 'all' ? '' : (value as string) })}>
      <Group gap="xs" role="group" aria-label="Beside the other run">
        <Chip value="all">All</Chip>
        {changesIn(run.cases).map(([change, count]) => (
          <Chip key={change} value={change} color={change === 'newly-failing' && count > 0 ? 'red' : undefined}>
            {CHANGE_WORDS[change]} {count}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
}

function Filters({ cases }: { cases: readonly Case[] }) {
  const { verdict, tag, text } = route.useSearch();
  const set = useSearchChange();
  const search = useDebouncedCallback((value: string) => set({ text: value }), 200);
  return (
    <Group align="flex-end" gap="sm">
      <TextInput
        label="Words"
        description="Of a title, a file, or what went wrong"
        leftSection={<IconSearch size={16} aria-hidden />}
        defaultValue={text ?? ''}
        onChange={({ currentTarget: { value } }) => search(value)}
        flex="1 1 14rem"
      />
      <NativeSelect
        label="Verdict"
        value={verdict ?? ''}
        onChange={({ currentTarget: { value } }) => set({ verdict: value })}
        data={[{ value: '', label: 'Any' }, ...VERDICTS.map((value) => ({ value, label: caseVerdict(value).words }))]}
      />
      <NativeSelect
        label="Tag"
        value={tag ?? ''}
        onChange={({ currentTarget: { value } }) => set({ tag: value })}
        data={[{ value: '', label: 'Any' }, ...tagsIn(cases)]}
      />
    </Group>
  );
}

function CaseTable({ cases }: { cases: readonly Case[] }) {
  const [shown, setShown] = useState(AT_ONCE);
  const compared = cases.some(({ change }) => change !== null);
  return (
    <>
      <Table verticalSpacing="xs" layout="fixed" captionSide="top">
        <Table.Caption>The cases, what is new or wrong first</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Case</Table.Th>
            <Table.Th scope="col" w={118}>
              Verdict
            </Table.Th>
            {compared && (
              <Table.Th scope="col" w={130} visibleFrom="sm">
                Change
              </Table.Th>
            )}
            <Table.Th scope="col" w={90} ta="right" visibleFrom="sm">
              Took
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {cases.slice(0, shown).map((each) => (
            <CaseLine key={each.id} one={each} compared={compared} />
          ))}
        </Table.Tbody>
      </Table>
      {shown < cases.length && (
        <Button variant="default" onClick={() => setShown(shown + AT_ONCE)}>
          Show {Math.min(AT_ONCE, cases.length - shown)} more of {cases.length - shown}
        </Button>
      )}
    </>
  );
}

function CaseLine({ one, compared }: { one: Case; compared: boolean }) {
  const navigate = route.useNavigate();
  const change = one.change && one.change !== 'unchanged' ? CHANGE_WORDS[one.change] : '';
  const open = () => void navigate({ search: (before) => ({ ...before, case: one.id }) });
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400} style={{ overflowWrap: 'anywhere' }}>
        <Anchor component="button" type="button" onClick={open} ta="left" inherit mih={24}>
          {one.title}
        </Anchor>
        <Group gap={4} mt={2}>
          {change && (
            <Text size="xs" fw={600} hiddenFrom="sm">
              {change}
            </Text>
          )}
          {one.tags.map((tag) => (
            <Badge key={tag} size="xs" variant="outline" color="gray" tt="none">
              {tag}
            </Badge>
          ))}
        </Group>
      </Table.Th>
      <Table.Td>
        <ToldTag told={one.change === 'gone' ? { tone: 'unknown', words: 'Not run' } : caseVerdict(one.verdict)} />
      </Table.Td>
      {compared && (
        <Table.Td visibleFrom="sm">
          <Text size="sm">{change}</Text>
        </Table.Td>
      )}
      <Table.Td ta="right" visibleFrom="sm">
        <Text size="sm">{attemptsWords(one) ?? durationOf(one)}</Text>
      </Table.Td>
    </Table.Tr>
  );
}
