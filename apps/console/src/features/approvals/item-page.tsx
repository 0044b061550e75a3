import { Alert, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { Changes } from '../../ui/changes.js';
import { PageLink } from '../../ui/link.js';
import { Page } from '../../ui/page.js';
import { Failed, Loading } from '../../ui/states.js';
import { Time } from '../../ui/time.js';
import { useAction, useItem } from './data.js';
import { Decide } from './decide.js';
import { Left } from './inbox-row.js';
import { changedSince, editedSince, headline, isWhole, standsInstead, type Shown, type Whole } from './item.js';
import { Outcome } from './outcome.js';
import { WhatIsKnown } from './what-is-known.js';

const route = getRouteApi('/approvals/$approvalId');

/** One item: what will really happen, why a person is asked, and the decision. */
export function ApprovalPage() {
  const { approvalId } = route.useParams();
  const { instead } = route.useSearch();
  const item = useItem(approvalId);
  const before = useItem(instead);
  const [said, setSaid] = useState({ of: '', reason: '' });
  const action = useAction(item.data?.status === 'approved' ? item.data.actionId : undefined);
  const other = item.data && standsInstead(item.data, action.data);
  useFollow(item.data, other);
  if (item.isPending)
    return (
      <Page title="Approval">
        <Loading label="the item" />
      </Page>
    );
  if (item.isError)
    return (
      <Page title="Approval">
        <Failed error={item.error} onRetry={() => void item.refetch()} />
      </Page>
    );
  const shown = item.data;
  return (
    <Page title={headline(shown)} actions={<Left line={shown} />}>
      {instead && <Instead before={before.data} now={shown} />}
      <Banner item={shown} other={other} />
      {isWhole(shown) ? (
        <Card
          item={shown}
          reason={said.of === shown.actionId ? said.reason : ''}
          onReason={(reason) => setSaid({ of: shown.actionId, reason })}
        />
      ) : (
        <Status item={shown} />
      )}
    </Page>
  );
}

interface CardProps {
  item: Whole;
  reason: string;
  onReason: (reason: string) => void;
}

/** What one typed as the reason stays while another item of the same action comes to stand in the place of this one. */
function Card({ item, ...said }: CardProps) {
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
      <WhatIsKnown item={item} />
      <Stack gap="md">
        <Decide item={item} {...said} />
        <Outcome item={item} />
      </Stack>
    </SimpleGrid>
  );
}

/** What the person who asked for it sees. */
function Status({ item }: { item: Shown }) {
  return (
    <Stack gap="sm">
      <Text>
        {item.requestedBy} asked for this <Time at={item.openedAt} />. Others decide it: you see how it stands.
      </Text>
      <Outcome item={item} />
    </Stack>
  );
}

/** Whoever looks on while another item comes to stand in the place of this one is taken to that: there, what changed stands on top. */
function useFollow(item: Shown | undefined, other: string | undefined) {
  const navigate = route.useNavigate();
  const looking = useRef<string>(undefined);
  const { approvalId, status } = item ?? {};
  useEffect(() => {
    if (approvalId === undefined) return;
    if (other && looking.current === approvalId) {
      looking.current = undefined;
      const params = { approvalId: other };
      void navigate({ to: '/approvals/$approvalId', params, search: { instead: approvalId }, replace: true });
    } else if (status === 'open' || status === 'decided') looking.current = approvalId;
  }, [approvalId, status, other, navigate]);
}

/** What changed since somebody looked at, or decided on, the item that this one stands in the place of. */
function Instead({ before, now }: { before: Shown | undefined; now: Shown }) {
  if (!before || !isWhole(before) || !isWhole(now)) return null;
  const changes = changedSince(before, now);
  const editor = editedSince(before, now);
  return (
    <Alert color="yellow" title={editor ? `${editor} has changed it` : 'It has changed since you looked'} role="alert">
      <Stack gap="sm">
        <Text size="sm">
          {before.decisions.length > 0 ? 'What was decided on before was not done. ' : 'Nothing was done. '}
          What would be done now is this; it is decided on anew.
        </Text>
        {changes.length > 0 ? (
          <Changes caption="What is different" changes={changes} heads={['You saw', 'Now']} />
        ) : (
          <Text size="sm">Its arguments and effect are the same; what it was judged by is not.</Text>
        )}
        <PageLink to="/approvals/$approvalId" params={{ approvalId: before.approvalId }} size="sm">
          What stood here before
        </PageLink>
      </Stack>
    </Alert>
  );
}

function Banner({ item, other }: { item: Shown; other: string | undefined }) {
  if (item.killed) {
    const { scope, by, reason, since } = item.killed;
    return (
      <Alert color="red" title="A kill switch holds it" role="status">
        <Text size="sm">
          {scope} was tripped{by ? ` by ${by}` : ''} <Time at={since} />
          {reason ? `: ${reason}` : ''}. Its time stands still. It may be rejected; to approve it, wait until an SRE
          re-arms the switch. <PageLink to="/kill">The switches</PageLink>
        </Text>
      </Alert>
    );
  }
  if (isWhole(item) && item.reopened)
    return (
      <Alert color="yellow" title="It was decided, and is open again" role="status">
        {item.reopened.because}
      </Alert>
    );
  if (item.status === 'superseded' && !other)
    return (
      <Alert color="blue" title="Somebody has changed it" role="status">
        What it would do now is being computed. It follows here in a moment.
      </Alert>
    );
  if (!other) return null;
  return (
    <Alert color="yellow" title="Another item stands in the place of this one" role="status">
      <Group>
        <PageLink to="/approvals/$approvalId" params={{ approvalId: other }} search={{ instead: item.approvalId }}>
          See what changed, and decide on that
        </PageLink>
      </Group>
    </Alert>
  );
}
