import { Alert, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
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
  /** It has happened: the children say so, and one button is left. */
  done?: boolean;
  /** Has to be typed before the button does anything. */
  typed?: string;
  /** What else has to be so before it may be confirmed. */
  ready?: boolean;
}

/** The second step of everything that changes something: says what will happen, and its focus begins on the harmless button. */
export function Confirm(props: ConfirmProps) {
  const { opened, onClose, title, children, busy = false, error, done = false } = props;
  const [text, setText] = useState('');
  const label = useId();
  const harmless = useFocusWhenEnded(busy);
  const close = () => {
    setText('');
    onClose();
  };
  const isAllowed = (props.ready ?? true) && (props.typed === undefined || text.trim() === props.typed);
  return (
    <Modal opened={opened} onClose={close} title={title} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack gap="md">
        {children}
        {props.typed !== undefined && !done && (
          <TextInput
            id={label}
            label={`Type ${props.typed} to go on`}
            value={text}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
        {error !== undefined && error !== null && <WhyNot error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close} ref={harmless} data-autofocus>
            {done ? 'Done' : 'Cancel'}
          </Button>
          {!done && (
            <Button
              color={props.dangerous ? 'red' : 'blue'}
              onClick={props.onConfirm}
              loading={busy}
              disabled={!isAllowed}
            >
              {props.action}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}

/** A button that works cannot keep the focus: once it has ended, whatever came of it, the focus is on the harmless one. */
function useFocusWhenEnded(busy: boolean) {
  const harmless = useRef<HTMLButtonElement>(null);
  const wasBusy = useRef(false);
  useEffect(() => {
    if (wasBusy.current && !busy) harmless.current?.focus();
    wasBusy.current = busy;
  }, [busy]);
  return harmless;
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
