import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { getV1AuditProofsEventIdOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { download } from '../../ui/download.js';
import { Failed, Loading } from '../../ui/states.js';
import { checkOf, stepsOf, type Proof } from './inclusion.js';
import { Section } from './section.js';

const route = getRouteApi('/audit');
const ABOUT = 'One event, without the others: that its record stands in the signed tree as it was stored.';

export function EventProof() {
  const { event } = route.useSearch();
  const navigate = route.useNavigate();
  const [id, setId] = useState(event ?? '');
  return (
    <Section title="Prove one event" about={ABOUT}>
      <Group
        component="form"
        align="flex-end"
        gap="sm"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          void navigate({ search: id.trim() ? { event: id.trim() } : {}, resetScroll: false });
        }}
      >
        <TextInput
          label="Event id"
          description="As a trace shows it under Events"
          placeholder="evt_…"
          value={id}
          onChange={({ currentTarget }) => setId(currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
          flex="1 1 16rem"
        />
        <Button type="submit" variant="default" disabled={!id.trim()}>
          Look it up
        </Button>
      </Group>
      {event && <Found event={event} />}
    </Section>
  );
}

function Found({ event }: { event: string }) {
  const asked = useQuery(getV1AuditProofsEventIdOptions({ path: { eventId: event } }));
  if (asked.isPending) return <Loading label="the proof" lines={3} />;
  if (asked.isError) return <Failed error={asked.error} onRetry={() => void asked.refetch()} />;
  return <Steps event={event} proof={asked.data} />;
}

function Steps({ event, proof }: { event: string; proof: Proof }) {
  const check = useQuery({ queryKey: ['inclusion', proof], queryFn: () => checkOf(proof), retry: false });
  const said = check.data ?? { tone: 'yellow', title: 'Unknown: this browser could not count it', words: '' };
  return (
    <Stack gap="sm">
      {!check.isPending && (
        <Alert role="status" color={said.tone} title={said.title}>
          {said.words}
        </Alert>
      )}
      <ol aria-label="The proof, step by step">
        {stepsOf(proof).map((step) => (
          <li key={step}>
            <Text style={{ overflowWrap: 'anywhere' }}>{step}</Text>
          </li>
        ))}
      </ol>
      <Group>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconDownload size={14} aria-hidden />}
          onClick={() =>
            download(
              `proof-${event.replaceAll(/\W/g, '_')}.json`,
              JSON.stringify(proof, undefined, 2),
              'application/json',
            )
          }
        >
          Download the proof
        </Button>
      </Group>
    </Stack>
  );
}
