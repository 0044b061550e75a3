import { Group, Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { PageLink } from '../../ui/link.js';
import { countdown, exactTime } from '../../ui/relative-time.js';
import { Tag } from '../../ui/tag.js';
import { Time, useNow } from '../../ui/time.js';
import { askingRules, doubtOf, headline, isWhole, stateOf, timeLeft, type Line } from './item.js';

/** One item of the inbox, in a line. */
export function InboxRow({ line, isGone, selection }: { line: Line; isGone: boolean; selection: ReactNode }) {
  return (
    <Table.Tr opacity={isGone ? 0.75 : 1}>
      {selection !== false && <Table.Td>{selection}</Table.Td>}
      <Table.Td>
        <Stack gap={2}>
          <PageLink to="/approvals/$approvalId" params={{ approvalId: line.approvalId }} fw={600}>
            {headline(line)}
          </PageLink>
          <Group gap="xs">
            <Text size="xs" c="dimmed">
              <Time at={line.openedAt} /> · {line.workflow}
              <Text span inherit hiddenFrom="sm">
                {` · ${line.requestedBy}`}
              </Text>
            </Text>
            <Marks line={line} />
          </Group>
        </Stack>
      </Table.Td>
      <Table.Td visibleFrom="sm">{line.requestedBy}</Table.Td>
      <Table.Td visibleFrom="sm">
        {isWhole(line) && askingRules(line).map(({ rule, reason }) => <div key={rule}>{reason}</div>)}
      </Table.Td>
      <Table.Td>{isGone ? <Tag tone="plain">no longer here</Tag> : <Left line={line} />}</Table.Td>
    </Table.Tr>
  );
}

function Marks({ line }: { line: Line }) {
  if (!isWhole(line)) return null;
  const doubts = [...new Set(Object.values(line.provenance).flatMap((from) => doubtOf(from) ?? []))];
  const { claim, claimedByMe, decisions, approvalsNeeded } = line;
  return (
    <>
      {claim && <Tag tone="info">{`claimed by ${claimedByMe ? 'you' : claim.by} until ${exactTime(claim.until)}`}</Tag>}
      {approvalsNeeded > 1 && <Tag tone="info">{`${decisions.length} of ${approvalsNeeded} approvals`}</Tag>}
      {line.edits && <Tag tone="info">edited</Tag>}
      {doubts.map((doubt) => (
        <Tag key={doubt} tone="warn">
          {doubt}
        </Tag>
      ))}
    </>
  );
}

/** The time an open item has left; of the others, how they stand. */
export function Left({ line }: { line: Line }) {
  const now = useNow(1_000);
  if (line.status !== 'open') {
    const [tone, word] = stateOf(line);
    return <Tag tone={tone}>{word}</Tag>;
  }
  const left = timeLeft(line, now);
  if (left === undefined) return <Tag tone="warn">{line.killed?.by ? `stopped by ${line.killed.by}` : 'stopped'}</Tag>;
  if (left <= 0) return <Tag tone="plain">time is up</Tag>;
  const words = countdown(left);
  return left < 15 * 60_000 ? <Tag tone="warn">{words}</Tag> : <Text size="sm">{words}</Text>;
}
