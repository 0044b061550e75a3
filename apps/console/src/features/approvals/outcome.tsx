import { Alert, List, Stack, Text, Title } from '@mantine/core';
import { PageLink } from '../../ui/link.js';
import { Tag } from '../../ui/tag.js';
import { Time } from '../../ui/time.js';
import { useAction } from './data.js';
import { isWhole, stateOf, type Shown } from './item.js';

const DID = { approve: 'approved', reject: 'rejected', edit: 'edited' } as const;
const ENDED = ['committed', 'failed', 'blocked', 'drafted', 'denied', 'resolved', 'in-doubt'];

/** How it stands: who decided what, and once it is approved what became of the action itself. */
export function Outcome({ item }: { item: Shown }) {
  const isApproved = item.status === 'approved';
  const action = useAction(isApproved ? item.actionId : undefined, isApproved);
  const [tone, word] = stateOf(item);
  const outcome = action.data?.outcome;
  return (
    <Stack component="section" gap="xs" aria-label="How it stands">
      <Title order={2} size="h4">
        How it stands
      </Title>
      <div aria-live="polite">
        <Tag tone={tone}>{word}</Tag>{' '}
        {isApproved && (
          <Tag tone={outcome === 'committed' ? 'good' : outcome && ENDED.includes(outcome) ? 'bad' : 'info'}>
            {outcome ?? 'on its way to the executor'}
          </Tag>
        )}
      </div>
      {item.detail && (
        <Text size="sm">
          {item.code}: {item.detail}
        </Text>
      )}
      {isWhole(item) && item.decisions.length > 0 && (
        <List size="sm" aria-label="Decisions">
          {item.decisions.map(({ approver, decision, reason, at }) => (
            <List.Item key={`${approver.sub} ${at}`}>
              {approver.sub} {DID[decision]} it <Time at={at} />: {reason}
            </List.Item>
          ))}
        </List>
      )}
      {outcome === 'in-doubt' && (
        <Alert color="yellow" title="Nobody knows whether it was done" role="status">
          It was sent and never answered for. <PageLink to="/pipeline">What is in doubt</PageLink>
        </Alert>
      )}
      <Text size="sm">
        <PageLink to="/traces/$intentId" params={{ intentId: item.intentId }}>
          Its trace
        </PageLink>
      </Text>
    </Stack>
  );
}
