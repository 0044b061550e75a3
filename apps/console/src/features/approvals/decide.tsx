import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { sessionQuery } from '../../api/session.js';
import { Loading } from '../../ui/states.js';
import { Time, useNow } from '../../ui/time.js';
import { ClaimButtons } from './claim-buttons.js';
import { DecisionDialog } from './decision-dialog.js';
import type { Whole } from './item.js';
import { whyNot } from './permissions.js';

const EditDialog = lazy(() => import('./edit-dialog.js'));

type Step = 'approve' | 'reject' | 'edit';

interface Props {
  item: Whole;
  reason: string;
  onReason: (reason: string) => void;
}

/** What one may do with the item, and why not where one may not. */
export function Decide({ item, reason, onReason }: Props) {
  const { data: session } = useQuery(sessionQuery);
  const [step, setStep] = useState<Step>();
  const why = whyNot(item, session?.person.sub, useNow(1_000));
  const close = () => setStep(undefined);
  const parts = { item, reason, onReason, onClose: close };
  const is = (name: Step) => ({ disabled: why[name] !== undefined, onClick: () => setStep(name) });
  return (
    <Stack component="section" gap="sm" aria-label="Your decision">
      <Title order={2} size="h4">
        Your decision
      </Title>
      {item.claim && <Claimed item={item} />}
      {why.approve && <Text size="sm">{why.approve}</Text>}
      {item.status === 'open' && (
        <>
          <Group gap="sm">
            <Button {...is('approve')}>Approve…</Button>
            <Button variant="outline" color="red" {...is('reject')}>
              Reject…
            </Button>
            <Button variant="default" {...is('edit')}>
              Edit…
            </Button>
          </Group>
          <ClaimButtons item={item} isOff={why.claim !== undefined} />
        </>
      )}
      {(step === 'approve' || step === 'reject') && <DecisionDialog {...parts} decision={step} />}
      {step === 'edit' && (
        <Suspense fallback={<Loading label="the form" lines={3} />}>
          <EditDialog {...parts} />
        </Suspense>
      )}
    </Stack>
  );
}

function Claimed({ item: { claim, claimedByMe } }: { item: Whole }) {
  if (!claim) return null;
  return (
    <Alert color="blue" role="status" title={claimedByMe ? 'You have claimed it' : `${claim.by} has claimed it`}>
      <Text size="sm">
        Until <Time at={claim.until} />
        {claim.delegatedBy ? `; handed on by ${claim.delegatedBy}: ${claim.reason ?? ''}` : ''}
      </Text>
    </Alert>
  );
}
