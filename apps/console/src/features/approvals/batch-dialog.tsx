import { List, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { postV1ApprovalsDecisionsMutation } from '../../api/generated/@tanstack/react-query.gen.js';
import { Confirm } from '../../ui/confirm.js';
import { Tag } from '../../ui/tag.js';
import { headline, type Whole } from './item.js';

interface Props {
  items: Whole[];
  decision: 'approve' | 'reject';
  onClose: (isDone: boolean) => void;
}

/** Several items of one tool and rule, each listed, decided in one go; then what became of each. */
export function BatchDialog({ items, decision, onClose }: Props) {
  const [reason, setReason] = useState('');
  const [about] = useState(items);
  const client = useQueryClient();
  const decide = useMutation({
    ...postV1ApprovalsDecisionsMutation(),
    onSettled: () => client.invalidateQueries({ queryKey: [{ _id: 'getV1Approvals' }] }),
  });
  const verb = decision === 'approve' ? 'Approve' : 'Reject';
  const results = decide.data?.results;
  return (
    <Confirm
      opened
      onClose={() => onClose(results !== undefined)}
      title={results ? 'What became of each' : `${verb} ${about.length} items`}
      action={`${verb} ${about.length}`}
      dangerous={decision === 'reject'}
      done={results !== undefined}
      ready={reason.trim() !== ''}
      busy={decide.isPending}
      error={decide.error}
      onConfirm={() =>
        decide.mutate({
          body: { decision, reason, items: about.map(({ approvalId, actionHash }) => ({ approvalId, actionHash })) },
        })
      }
    >
      <List aria-label="The items">
        {about.map((item) => {
          const result = results?.find(({ approvalId }) => approvalId === item.approvalId);
          return (
            <List.Item key={item.approvalId}>
              {headline(item)}, asked by {item.requestedBy}
              {result && (
                <Stack gap={0}>
                  {result.status === 'recorded' ? <Tag tone="good">taken</Tag> : <Tag tone="bad">refused</Tag>}
                  {result.problem && <Text size="sm">{`${result.problem.detail}. ${result.problem.nextStep}`}</Text>}
                </Stack>
              )}
            </List.Item>
          );
        })}
      </List>
      {!results && (
        <Textarea
          label="Reason"
          description="Kept with each decision."
          required
          autosize
          minRows={2}
          maxLength={2000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      )}
    </Confirm>
  );
}
