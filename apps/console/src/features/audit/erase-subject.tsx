import { Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { deleteV1SubjectsIdMutation } from '../../api/generated/@tanstack/react-query.gen.js';
import type { DeleteV1SubjectsIdResponse } from '../../api/generated/index.js';
import { Confirm } from '../../ui/confirm.js';
import { Section } from './section.js';
import { isReason } from './told.js';

export type Erased = Extract<DeleteV1SubjectsIdResponse, { subject: string }>;

const ABOUT =
  'Destroys the keys of a customer’s, or a user’s, sealed values: nobody opens them again, in no trace, backup or archive. It cannot be taken back. What was done stays on record.';

/** Two steps: who and why, then the same id typed once more. */
export function EraseSubject({ onErased }: { onErased: (erased: Erased) => void }) {
  const [subject, setSubject] = useState('');
  const [reason, setReason] = useState('');
  const [asking, { open, close }] = useDisclosure();
  const erase = useMutation({
    ...deleteV1SubjectsIdMutation(),
    onSuccess: (erased) => {
      onErased(erased);
      setSubject('');
      setReason('');
      close();
    },
  });
  const id = subject.trim();
  const ready = id !== '' && isReason(reason);
  const leave = () => {
    erase.reset();
    close();
  };
  return (
    <Section title="Erase a data subject" about={ABOUT}>
      <Stack gap="sm" maw={560}>
        <TextInput
          label="Data subject"
          description="A record’s id, or a user’s: cus_1001, alice"
          value={subject}
          onChange={({ currentTarget }) => setSubject(currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
        />
        <Textarea
          label="Reason"
          description="10 to 500 characters; it is written down. Name the request, not the person."
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
          autosize
          minRows={2}
        />
        <Group>
          <Button color="red" variant="light" disabled={!ready} onClick={open}>
            Erase…
          </Button>
        </Group>
      </Stack>
      <Confirm
        opened={asking}
        onClose={leave}
        title={`Erase ${id}`}
        action={`Erase ${id} for good`}
        dangerous
        typed={id}
        busy={erase.isPending}
        error={erase.error}
        onConfirm={() => erase.mutate({ path: { id }, body: { reason: reason.trim() } })}
      >
        <Text>
          Every sealed value of <b>{id}</b> in your tenant stays closed from now on, for everybody. It cannot be taken
          back. That you did it, and why, is written down.
        </Text>
      </Confirm>
    </Section>
  );
}
