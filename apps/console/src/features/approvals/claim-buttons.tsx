import { Button, Group, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  getV1ApprovalsIdQueryKey,
  postV1ApprovalsIdClaimMutation,
  postV1ApprovalsIdDelegateMutation,
} from '../../api/generated/@tanstack/react-query.gen.js';
import { Confirm, WhyNot } from '../../ui/confirm.js';
import type { Whole } from './item.js';

/** Takes the item for a while, for longer, gives it back, or hands it on. */
export function ClaimButtons({ item, isOff }: { item: Whole; isOff: boolean }) {
  const [isHandingOn, setIsHandingOn] = useState(false);
  const client = useQueryClient();
  const claim = useMutation({
    ...postV1ApprovalsIdClaimMutation(),
    onSuccess: (answer) => client.setQueryData(getV1ApprovalsIdQueryKey({ path: { id: item.approvalId } }), answer),
  });
  const path = { id: item.approvalId };
  return (
    <Group gap="sm">
      <Button
        variant="default"
        size="compact-md"
        loading={claim.isPending}
        disabled={isOff}
        onClick={() => claim.mutate({ path, body: {} })}
      >
        {item.claimedByMe ? 'Claim for 10 more minutes' : 'Claim for 10 minutes'}
      </Button>
      {item.claimedByMe && (
        <Button variant="default" size="compact-md" onClick={() => claim.mutate({ path, body: { release: true } })}>
          Give back
        </Button>
      )}
      <Button variant="default" size="compact-md" disabled={isOff} onClick={() => setIsHandingOn(true)}>
        Hand on…
      </Button>
      {claim.error && <WhyNot error={claim.error} />}
      {isHandingOn && <HandOn item={item} onClose={() => setIsHandingOn(false)} />}
    </Group>
  );
}

function HandOn({ item, onClose }: { item: Whole; onClose: () => void }) {
  const [to, setTo] = useState('');
  const [reason, setReason] = useState('');
  const client = useQueryClient();
  const delegate = useMutation({
    ...postV1ApprovalsIdDelegateMutation(),
    onSuccess: (answer) => {
      client.setQueryData(getV1ApprovalsIdQueryKey({ path: { id: item.approvalId } }), answer);
      onClose();
    },
  });
  return (
    <Confirm
      opened
      onClose={onClose}
      title="Hand it on"
      action="Hand on"
      ready={to.trim() !== '' && reason.trim() !== ''}
      busy={delegate.isPending}
      error={delegate.error}
      onConfirm={() => delegate.mutate({ path: { id: item.approvalId }, body: { to: to.trim(), reason } })}
    >
      <Text size="sm">That person alone can decide it for ten minutes; then anybody may again.</Text>
      <TextInput label="To whom" required value={to} onChange={(event) => setTo(event.currentTarget.value)} />
      <Textarea label="Reason" required value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </Confirm>
  );
}
