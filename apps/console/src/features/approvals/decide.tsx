import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '../../api/session.js';
import { Loading } from '../../ui/states.js';
import { Time } from '../../ui/time.js';
import { ClaimButtons } from './claim-buttons.js';
import { DecisionDialog } from './decision-dialog.js';
import type { Whole } from './item.js';

const EditDialog = lazy(() => import('./edit-dialog.js'));

type Step = 'approve' | 'reject' | 'edit';

/** What one may do with the item, and why not where one may not. */
export function Decide({ item }: { item: Whole }) {
  const { data: session } = useQuery(sessionQuery);
  const [step, setStep] = useState<Step>();
  const me = session?.person.sub;
  const why = whyNot(item, me);
  const close = () => setStep(undefined);
  return (
    <Stack component="section" gap="sm" aria-label="Your decision">
      <Title order={2} size="h4">
        Your decision
      </Title>
      {why && <Text size="sm">{why}</Text>}
      {item.claim && (
        <Alert
          color="blue"
          role="status"
          title={item.claimedByMe ? 'You have claimed it' : `${item.claim.by} has claimed it`}
        >
          <Text size="sm">
            Until <Time at={item.claim.until} />
            {item.claim.delegatedBy ? `; handed on by ${item.claim.delegatedBy}: ${item.claim.reason ?? ''}` : ''}
          </Text>
        </Alert>
      )}
      {item.status === 'open' && (
        <Group gap="sm">
          <Button onClick={() => setStep('approve')} disabled={why !== undefined || !item.decidable}>
            Approve…
          </Button>
          <Button variant="outline" color="red" onClick={() => setStep('reject')} disabled={why !== undefined}>
            Reject…
          </Button>
          <Button variant="default" onClick={() => setStep('edit')} disabled={why !== undefined || !item.decidable}>
            Edit…
          </Button>
          <ClaimButtons item={item} />
        </Group>
      )}
      {(step === 'approve' || step === 'reject') && <DecisionDialog item={item} decision={step} onClose={close} />}
      {step === 'edit' && (
        <Suspense fallback={<Loading label="the form" lines={3} />}>
          <EditDialog item={item} onClose={close} />
        </Suspense>
      )}
    </Stack>
  );
}

/** Why this person can't decide it; undefined where nothing is in the way. The API has the last word. */
function whyNot(item: Whole, me: string | undefined): string | undefined {
  if (item.status !== 'open') return 'It is no longer open.';
  if (item.requestedBy === me) return 'You asked for it: somebody else has to decide.';
  if (
    item.edits?.history.some(({ by }) => by === me) &&
    item.editorMayApprove === false &&
    me === item.edits.history.at(-1)?.by
  )
    return 'You edited it: somebody else has to approve what you made of it.';
  if (item.claim && !item.claimedByMe) return `Leave it to ${item.claim.by}, or come back when the claim has ended.`;
  if (item.decisions.some(({ approver, decision }) => approver.sub === me && decision === 'approve') && !item.reopened)
    return 'You have approved it. It waits for another person.';
  return undefined;
}
