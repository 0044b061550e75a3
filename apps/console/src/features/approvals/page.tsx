import { Button, Checkbox, Group, Stack, Table, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { sessionQuery } from '../../api/session.js';
import { FreshButton } from '../../ui/fresh-button.js';
import { useHeld } from '../../ui/held.js';
import { Page } from '../../ui/page.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { BatchDialog } from './batch-dialog.js';
import { inboxQuery } from './data.js';
import { InboxRow } from './inbox-row.js';
import { byUrgency, headline, isWhole, kindOf, type Line, type Whole } from './item.js';
import { isNextFor } from './permissions.js';
import type { Tab } from './search.js';

const route = getRouteApi('/approvals');
const TITLES: Record<Tab, string> = { open: 'Open', mine: 'Claimed by me', decided: 'Decided by me', all: 'All' };
const NOTHING: Record<Tab, [string, string]> = {
  open: ['Nothing waits for you', 'What policy escalates to a role of yours appears here at once.'],
  mine: ['You have claimed nothing', 'Claim an item to keep it to yourself for a while.'],
  decided: ['You have decided nothing yet', 'What you approve, reject or edit stays here, with what became of it.'],
  all: ['There are no approvals', 'Neither something of yours nor something you may decide was ever escalated.'],
};

/** The inbox: what waits for a person, what ends first on top. */
export function ApprovalsPage() {
  const { tab = 'open' } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page title="Approvals">
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(chosen) => void navigate({ search: chosen === 'open' ? {} : { tab: chosen as Tab } })}
      >
        <Tabs.List aria-label="Lists of approvals">
          {(Object.keys(TITLES) as Tab[]).map((name) => (
            <Tabs.Tab key={name} value={name}>
              {TITLES[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} pt="md">
          <Inbox tab={tab} key={tab} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Inbox({ tab }: { tab: Tab }) {
  const list = useQuery(inboxQuery(tab));
  const isOpen = tab === 'open' || tab === 'mine';
  const ordered = list.data && (isOpen ? byUrgency(list.data.data) : list.data.data);
  const { shown, gone, fresh, takeIn } = useHeld(ordered, ({ approvalId }) => approvalId, tab);
  const [chosen, setChosen] = useState<ReadonlyMap<string, Whole>>(new Map());
  if (list.isPending) return <Loading label="approvals" />;
  if (list.isError) return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  const toggle = (item: Whole) => {
    const next = new Map(chosen);
    if (!next.delete(item.approvalId)) next.set(item.approvalId, item);
    setChosen(next);
  };
  const kind = [...chosen.values()].map(kindOf)[0];
  return (
    <Stack gap="sm">
      <Group justify="space-between" mih={32}>
        <FreshButton fresh={fresh} onClick={takeIn} />
        {gone.size > 0 && (
          <Button size="compact-sm" variant="subtle" onClick={takeIn}>
            {`Clear ${gone.size} no longer here`}
          </Button>
        )}
        <Selected chosen={[...chosen.values()]} onDone={() => setChosen(new Map())} />
      </Group>
      {shown.length === 0 ? (
        <Empty title={NOTHING[tab][0]}>{NOTHING[tab][1]}</Empty>
      ) : (
        <Table highlightOnHover verticalSpacing="xs" aria-label={TITLES[tab]}>
          <Table.Thead visibleFrom="sm">
            <Table.Tr>
              {isOpen && (
                <Table.Th scope="col" w={40}>
                  Select
                </Table.Th>
              )}
              <Table.Th scope="col">What would happen</Table.Th>
              <Table.Th scope="col">Asked by</Table.Th>
              <Table.Th scope="col">Why a person</Table.Th>
              <Table.Th scope="col">{isOpen ? 'Time left' : 'State'}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((line) => (
              <InboxRow
                key={line.approvalId}
                line={line}
                isGone={gone.has(line.approvalId)}
                selection={isOpen && <Select {...{ line, kind, chosen, toggle, isGone: gone.has(line.approvalId) }} />}
              />
            ))}
          </Table.Tbody>
        </Table>
      )}
      {!list.data.isWhole && (
        <Text size="sm" c="dimmed">
          {isOpen
            ? 'These are the 200 that have waited longest. The others follow as these are decided.'
            : 'These are the newest 200. Older ones stand in their traces.'}
        </Text>
      )}
    </Stack>
  );
}

interface SelectProps {
  line: Line;
  kind: string | undefined;
  chosen: ReadonlyMap<string, Whole>;
  toggle: (item: Whole) => void;
  isGone: boolean;
}

function Select({ line, kind, chosen, toggle, isGone }: SelectProps) {
  const { data: session } = useQuery(sessionQuery);
  if (!isWhole(line) || isGone) return null;
  const differs = kind !== undefined && kindOf(line) !== kind;
  const mine = isNextFor(line, session?.person.sub, Date.now());
  return (
    <Checkbox
      aria-label={`Select: ${headline(line)}, asked by ${line.requestedBy}`}
      title={differs ? 'Only items of one tool and the same rules are decided together' : undefined}
      checked={chosen.has(line.approvalId)}
      disabled={!chosen.has(line.approvalId) && (differs || !mine)}
      onChange={() => toggle(line)}
    />
  );
}

function Selected({ chosen, onDone }: { chosen: Whole[]; onDone: () => void }) {
  const [decision, setDecision] = useState<'approve' | 'reject'>();
  if (chosen.length === 0 && !decision) return null;
  return (
    <Group gap="xs" role="group" aria-label="Decide those selected">
      <Text size="sm">{`${chosen.length} selected`}</Text>
      <Button size="compact-sm" onClick={() => setDecision('approve')}>
        Approve…
      </Button>
      <Button size="compact-sm" color="red" variant="outline" onClick={() => setDecision('reject')}>
        Reject…
      </Button>
      {decision && (
        <BatchDialog
          items={chosen}
          decision={decision}
          onClose={(isDone) => {
            setDecision(undefined);
            if (isDone) onDone();
          }}
        />
      )}
    </Group>
  );
}
