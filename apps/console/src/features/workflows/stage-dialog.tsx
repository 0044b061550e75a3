import { Alert, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { putV1ControlStageWorkflowMutation } from '../../api/generated/@tanstack/react-query.gen.js';
import { Confirm } from '../../ui/confirm.js';
import { STAGE_WORDS, type Stage, type Workflow } from './workflow.js';

interface Props {
  workflow: Workflow;
  stage: Stage;
  tenant: string;
  onClose: () => void;
}

/** The second step of a promotion or of taking it back. */
export function StageDialog({ workflow, stage, tenant, onClose }: Props) {
  const [reach, setReach] = useState('own');
  const [other, setOther] = useState('');
  const [reason, setReason] = useState('');
  const client = useQueryClient();
  const change = useMutation({
    ...putV1ControlStageWorkflowMutation(),
    onSettled: () =>
      Promise.all(
        ['getV1Workflows', 'getV1Tools', 'getV1Control'].map((_id) =>
          client.invalidateQueries({ queryKey: [{ _id }] }),
        ),
      ),
  });
  const of = reach === 'own' ? tenant : reach === 'other' ? other.trim() : undefined;
  const done = change.data;
  return (
    <Confirm
      opened
      onClose={onClose}
      title={`${workflow.title}: ${stage}`}
      action={`Set ${stage}`}
      ready={reason.trim() !== '' && of !== ''}
      done={change.isSuccess}
      busy={change.isPending}
      error={change.error}
      onConfirm={() =>
        change.mutate({
          path: { workflow: workflow.name },
          body: { stage, reason, waitSeconds: 15, ...(of === undefined ? {} : { tenant: of }) },
        })
      }
    >
      {done ? (
        <Alert role="status" color="green" title={`${stage} is in force`}>
          {`${of ?? 'Every tenant without a stage of its own'}${done.applied ? `, heard by ${done.applied.acknowledged} of ${done.applied.instances} instances` : ''}.`}
        </Alert>
      ) : (
        <>
          <Text size="sm">{STAGE_WORDS[stage]}</Text>
          <Radio.Group label="For whom" value={reach} onChange={setReach}>
            <Stack gap="xs" mt="xs">
              <Radio value="own" label={`Only ${tenant}`} />
              <Radio value="other" label="Only another tenant" />
              <Radio value="all" label="Every tenant that has no stage of its own" />
            </Stack>
          </Radio.Group>
          {reach === 'other' && (
            <TextInput
              label="Tenant"
              required
              value={other}
              onChange={(event) => setOther(event.currentTarget.value)}
            />
          )}
          <TextInput
            label="Reason"
            description="Kept with the change."
            required
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </>
      )}
    </Confirm>
  );
}
