import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { getV1IncidentsQueryKey, postV1IncidentsMutation } from '../../api/generated/@tanstack/react-query.gen.js';
import { Failed } from '../../ui/states.js';

interface Props {
  opened: boolean;
  onClose: () => void;
  /** Of what: asked for where it is not known. */
  intentId?: string;
  actionId?: string;
}

/** Says that something went wrong with an intent, or one action of it: its clock starts. */
export function OpenIncident({ opened, onClose, ...about }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title="Open an incident" closeButtonProps={{ 'aria-label': 'Close' }}>
      <OpenForm {...about} onClose={onClose} />
    </Modal>
  );
}

function OpenForm({ onClose, ...about }: Omit<Props, 'opened'>) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [given, setGiven] = useState({ intentId: about.intentId ?? '', actionId: about.actionId ?? '', note: '' });
  const opening = useMutation({
    ...postV1IncidentsMutation(),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: getV1IncidentsQueryKey() });
      onClose();
      await navigate({ to: '/incidents/$incidentId', params: { incidentId: id } });
    },
  });
  const said = (name: keyof typeof given) => ({
    value: given[name],
    onChange: ({ currentTarget: { value } }: { currentTarget: { value: string } }) =>
      setGiven((before) => ({ ...before, [name]: value })),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const [intentId, actionId, note] = [given.intentId, given.actionId, given.note].map((text) => text.trim());
    opening.mutate({ body: { intentId: intentId!, ...(actionId && { actionId }), ...(note && { note }) } });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">
          From now there are 24 hours to capture it as a case. Once they are over, its workflow is not released until it
          is captured. An incident is never taken back.
        </Text>
        {about.intentId === undefined && (
          <>
            <TextInput
              label="Intent"
              description="Its id, as the trace shows it"
              placeholder="int_…"
              required
              {...said('intentId')}
            />
            <TextInput
              label="Action"
              description="Which of its actions, if it is one"
              placeholder="act_…"
              {...said('actionId')}
            />
          </>
        )}
        <Textarea
          label="What went wrong"
          description="Known shapes of personal data in it are masked before it is kept"
          autosize
          minRows={2}
          maxLength={2_000}
          {...said('note')}
        />
        {opening.isError && <Failed error={opening.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button type="submit" loading={opening.isPending} disabled={!given.intentId.trim()}>
            Open the incident
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
