import { Alert, List, Stack, Text, Title } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { Changes } from '../../ui/changes.js';
import { PageLink } from '../../ui/link.js';
import { Tag } from '../../ui/tag.js';
import { Time } from '../../ui/time.js';
import { useAction } from './data.js';
import { becameOf, changedRecords, isWhole, stateOf, type Shown } from './item.js';
import { NextItem } from './next-item.js';

const DID = { approve: 'approved', reject: 'rejected', edit: 'edited' } as const;

/** How it stands: who decided what, and once it is approved what became of the action itself. */
export function Outcome({ item }: { item: Shown }) {
  const isApproved = item.status === 'approved';
  const { data: action } = useAction(isApproved ? item.actionId : undefined);
  const [tone, word] = stateOf(item);
  const became = action && becameOf(action);
  return (
    <Stack component="section" gap="xs" aria-label="How it stands" ref={useFocusOnDecision(item)} tabIndex={-1}>
      <Title order={2} size="h4">
        How it stands
      </Title>
      <div aria-live="polite">
        <Tag tone={tone}>{word}</Tag> {isApproved && became && <Tag tone={became[0]}>{became[1]}</Tag>}
      </div>
      {item.detail && (
        <Text size="sm">
          {item.code}: {item.detail}
        </Text>
      )}
      {isApproved && action?.detail && <Text size="sm">{action.detail}</Text>}
      <Decisions item={item} />
      {changedRecords(action?.recordsChanged ?? []).map(({ record, changes }) => (
        <Changes key={record} caption={`What it changed: ${record}`} changes={changes} />
      ))}
      {action?.state === 'in-doubt' && (
        <Alert color="yellow" title="Nobody knows whether it was done" role="status">
          It was sent and never answered for. <PageLink to="/pipeline">What is in doubt</PageLink>
        </Alert>
      )}
      <Text size="sm">
        <PageLink to="/traces/$intentId" params={{ intentId: item.intentId }}>
          Its trace
        </PageLink>
      </Text>
      {isWhole(item) && <NextItem after={item} />}
    </Stack>
  );
}

function Decisions({ item }: { item: Shown }) {
  if (!isWhole(item) || item.decisions.length === 0) return null;
  return (
    <List size="sm" aria-label="Decisions">
      {item.decisions.map(({ approver, decision, reason, at }) => (
        <List.Item key={`${approver.sub} ${at}`}>
          {approver.sub} {DID[decision]} it <Time at={at} />: {reason}
        </List.Item>
      ))}
    </List>
  );
}

/** Whoever has just decided is taken to what becomes of it: the button that had the focus may be gone. */
function useFocusOnDecision(item: Shown) {
  const section = useRef<HTMLDivElement>(null);
  const said = isWhole(item) ? item.decisions.length : 0;
  const seen = useRef({ id: item.approvalId, said });
  useEffect(() => {
    const isSame = seen.current.id === item.approvalId;
    if (isSame && said > seen.current.said && document.activeElement === document.body) section.current?.focus();
    seen.current = { id: item.approvalId, said };
  }, [item.approvalId, said]);
  return section;
}
