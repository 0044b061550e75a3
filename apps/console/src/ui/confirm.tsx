import { Alert, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useId, useState, type ReactNode } from 'react';
import { isProblem } from '../api/problem.js';

export interface ConfirmProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What will happen, in words. */
  children: ReactNode;
  /** What the button says: what it does ("Approve the refund"). */
  action: string;
  onConfirm: () => void;
  dangerous?: boolean;
  busy?: boolean;
  /** What came of the last try; the dialog stays. */
  error?: unknown;
  /** Has to be typed before the button does anything. */
  typed?: string;
  /** What else has to be so before it may be confirmed. */
  ready?: boolean;
}

/** The second step of everything that changes something: says what will happen, and its focus begins on the harmless button. */
export function Confirm(props: ConfirmProps) {
  const { opened, onClose, title, children, action, onConfirm, dangerous, busy = false, error, ready = true } = props;
  const [text, setText] = useState('');
  const label = useId();
  const allowed = ready && (props.typed === undefined || text.trim() === props.typed);
  const close = () => {
    setText('');
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={title} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack gap="md">
        {children}
        {props.typed !== undefined && (
          <TextInput
            id={label}
            label={`Type ${props.typed} to go on`}
            value={text}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
        {error !== undefined && error !== null && <WhyNot error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            Cancel
          </Button>
          <Button color={dangerous ? 'red' : 'blue'} onClick={onConfirm} loading={busy} disabled={!allowed}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** A refusal with its next step, where one stands. */
export function WhyNot({ error }: { error: unknown }) {
  const known = isProblem(error);
  return (
    <Alert role="alert" color="red" title={known ? error.detail : 'That did not work'}>
      <Text size="sm">{known ? error.nextStep : 'The gateway did not answer. Nothing is lost: try again.'}</Text>
    </Alert>
  );
}
