import { Alert, Button, CopyButton, Group, List, Modal, NativeSelect, Stack, Text, Textarea } from '@mantine/core';
import { IconCheck, IconCopy, IconDownload } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { getV1IncidentsIdQueryKey, getV1IncidentsQueryKey } from '../../api/generated/@tanstack/react-query.gen.js';
import { postV1IncidentsIdCapture, type PostV1IncidentsIdCaptureResponse } from '../../api/generated/index.js';
import { download } from '../../ui/download.js';
import { Failed, Loading } from '../../ui/states.js';
import { fileName, wishesFor, wishOf } from './expectations.js';
import type { Incident } from './incident.js';

interface Props {
  incident: Incident;
  opened: boolean;
  onClose: () => void;
}
type Case = Extract<PostV1IncidentsIdCaptureResponse, { text: string }>;

/** The case an incident becomes: seen first, changed if need be, then taken down. */
export function CaptureIncident({ incident, opened, onClose }: Props) {
  const [registered, setRegistered] = useState<Case>();
  const close = () => {
    setRegistered(undefined);
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      size="xl"
      title={registered ? 'The incident is captured' : 'Capture the incident as a case'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {registered ? (
        <Done made={registered} onClose={close} />
      ) : (
        <Capture incident={incident} onClose={close} onRegistered={setRegistered} />
      )}
    </Modal>
  );
}

interface CaptureProps {
  incident: Incident;
  onClose: () => void;
  onRegistered: (made: Case) => void;
}

function Capture({ incident, onClose, onRegistered }: CaptureProps) {
  const wishes = wishesFor(incident);
  const [key, setKey] = useState(wishes[0].key);
  const { expect } = wishOf(incident, key);
  // Asking takes nothing down, so it is a question, whatever its method.
  const made = useQuery({
    queryKey: ['case-of-incident', incident.id, key],
    queryFn: async ({ signal }) => {
      const body = expect === undefined ? {} : { expect };
      const { data } = await postV1IncidentsIdCapture({ path: { id: incident.id }, body, signal, throwOnError: true });
      return data as Case;
    },
  });
  return (
    <Stack gap="sm">
      <NativeSelect
        label="What should have been"
        description="The file is written anew from the trace when this is changed"
        value={key}
        onChange={({ currentTarget: { value } }) => setKey(value)}
        data={wishes.map(({ key: value, label }) => ({ value, label }))}
      />
      {made.isPending && <Loading label="the case" lines={8} />}
      {made.isError && (
        <>
          <Failed error={made.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
          </Group>
        </>
      )}
      {made.isSuccess && (
        <CaseForm key={key} made={made.data} incident={incident} onClose={onClose} onRegistered={onRegistered} />
      )}
    </Stack>
  );
}

function CaseForm({ made, incident, onClose, onRegistered }: CaptureProps & { made: Case }) {
  const queries = useQueryClient();
  const [text, setText] = useState(made.text);
  const registering = useMutation({
    mutationFn: () => postV1IncidentsIdCapture({ path: { id: incident.id }, body: { text }, throwOnError: true }),
    onSuccess: async () => {
      onRegistered({ ...made, text });
      await queries.invalidateQueries({ queryKey: getV1IncidentsIdQueryKey({ path: { id: incident.id } }) });
      await queries.invalidateQueries({ queryKey: getV1IncidentsQueryKey() });
    },
  });
  return (
    <>
      {made.missing.length > 0 && (
        <Alert color="yellow" title="The trace does not tell everything">
          <List size="sm">
            {made.missing.map((sentence) => (
              <List.Item key={sentence}>{sentence}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      <Textarea
        label="The case"
        description={`${made.file}, YAML. You may change it; nothing sealed was opened to make it, stand-ins take the place of personal data.`}
        value={text}
        onChange={({ currentTarget: { value } }) => setText(value)}
        autosize
        minRows={8}
        maxRows={18}
        spellCheck={false}
        styles={{
          input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 'var(--mantine-font-size-xs)' },
        }}
      />
      <Text size="sm">
        Taking it down stops the clock for good. The file&apos;s digest is kept with the incident; the file itself goes
        into the package of {made.workflow}, where each run of its evals tries it.
      </Text>
      {registering.isError && <Failed error={registering.error} />}
      <Group justify="flex-end">
        <FileActions file={made.file} text={text} />
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button loading={registering.isPending} onClick={() => registering.mutate()}>
          Take it down as the case
        </Button>
      </Group>
    </>
  );
}

function FileActions({ file, text }: { file: string; text: string }) {
  return (
    <>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button
            variant="subtle"
            onClick={copy}
            leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          >
            <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
          </Button>
        )}
      </CopyButton>
      <Button
        variant="subtle"
        leftSection={<IconDownload size={16} aria-hidden />}
        onClick={() => download(fileName(file), text, 'application/yaml')}
      >
        Download
      </Button>
    </>
  );
}

function Done({ made, onClose }: { made: Case; onClose: () => void }) {
  return (
    <Stack gap="sm">
      <Text role="status">
        Its clock has stopped. Now put the file into the package of {made.workflow}, as{' '}
        <Text span ff="monospace" size="sm" style={{ overflowWrap: 'anywhere' }}>
          {made.file}
        </Text>
        , mend what went wrong, and release: a run that passes the case closes the incident.
      </Text>
      <Group justify="flex-end">
        <FileActions file={made.file} text={made.text} />
        <Button onClick={onClose} data-autofocus>
          Done
        </Button>
      </Group>
    </Stack>
  );
}
