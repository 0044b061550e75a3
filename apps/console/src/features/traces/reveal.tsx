import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { postV1TracesIdRevealsMutation } from '../../api/generated/@tanstack/react-query.gen.js';
import { Failed } from '../../ui/states.js';
import type { Opened } from './plain.js';

interface Props {
  opened: boolean;
  intentId: string;
  onClose: () => void;
  onOpened: (opened: Opened) => void;
}

const LEAST = 10;

/** Opens what is sealed in a trace, for a reason that is kept; it stays open until the page is left. */
export function Reveal({ opened, intentId, onClose, onOpened }: Props) {
  const [reason, setReason] = useState('');
  const revealing = useMutation({
    ...postV1TracesIdRevealsMutation(),
    onSuccess: ({ revealed }) => onOpened(new Map(revealed.map(({ token, value }) => [token, value]))),
  });
  const close = () => {
    setReason('');
    revealing.reset();
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    revealing.mutate({ path: { id: intentId }, body: { reason: reason.trim() } });
  };
  return (
    <Modal opened={opened} onClose={close} title="Open sealed values" closeButtonProps={{ 'aria-label': 'Close' }}>
      {revealing.isSuccess ? (
        <Came {...revealing.data} onClose={close} />
      ) : (
        <form onSubmit={submit}>
          <Stack gap="sm">
            <Text size="sm">
              You will see what is sealed in this trace. That you saw it, and why, is written into the trace first,
              under your name, and cannot be taken back.
            </Text>
            <Textarea
              label="Why"
              description={`At least ${LEAST} characters. Known shapes of personal data in it are masked.`}
              autosize
              minRows={2}
              maxLength={500}
              value={reason}
              onChange={({ currentTarget: { value } }) => setReason(value)}
            />
            {revealing.isError && <Failed error={revealing.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={close} data-autofocus>
                Cancel
              </Button>
              <Button type="submit" loading={revealing.isPending} disabled={reason.trim().length < LEAST}>
                Open them
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

interface CameProps {
  revealed: readonly unknown[];
  unopened: readonly { because: 'erased' | 'unknown' }[];
  left: number;
  onClose: () => void;
}

function Came({ revealed, unopened, left, onClose }: CameProps) {
  const erased = unopened.filter(({ because }) => because === 'erased').length;
  const says = [
    revealed.length === 0
      ? 'Nothing sealed stands in this trace that opens.'
      : `${revealed.length === 1 ? '1 value is' : `${revealed.length} values are`} open until you leave this trace.`,
    ...(erased ? [`${erased} were erased for good.`] : []),
    ...(unopened.length > erased ? [`${unopened.length - erased} are not known any more.`] : []),
    ...(left ? [`${left} more were not opened: one answer holds 100.`] : []),
  ];
  return (
    <Stack gap="sm">
      <Text size="sm" role="status">
        {says.join(' ')}
      </Text>
      <Group justify="flex-end">
        <Button onClick={onClose} data-autofocus>
          Close
        </Button>
      </Group>
    </Stack>
  );
}
