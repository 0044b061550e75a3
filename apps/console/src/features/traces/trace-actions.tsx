import { Button, Group, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { getV1TracesIntentId } from '../../api/generated/sdk.gen.js';
import { sessionQuery } from '../../api/session.js';
import { download } from '../../ui/download.js';
import { Failed } from '../../ui/states.js';
import type { Opened } from './plain.js';
import { Reveal } from './reveal.js';
import type { Outline } from './story.js';

const OpenIncident = lazy(() =>
  import('../incidents/open-incident.js').then((module) => ({ default: module.OpenIncident })),
);
const HANDLERS = ['sre', 'release', 'auditor', 'admin', 'support-lead'];

interface Props {
  outline: Outline;
  onOpened: (opened: Opened) => void;
}

/** What may be done with a trace: take it away, make an incident of it, open what is sealed in it. */
export function TraceActions({ outline, onOpened }: Props) {
  const { data: session } = useQuery(sessionQuery);
  const [asking, setAsking] = useState<'incident' | 'reveal'>();
  const roles = session?.person.roles ?? [];
  const is = (some: readonly string[]) => some.some((role) => roles.includes(role));
  return (
    <Group gap="xs">
      {is(['auditor']) && outline.state !== 'refused' && (
        <Button size="xs" variant="default" onClick={() => setAsking('reveal')}>
          Open sealed values
        </Button>
      )}
      {is(HANDLERS) && outline.state !== 'refused' && (
        <Button size="xs" variant="default" onClick={() => setAsking('incident')}>
          Make an incident
        </Button>
      )}
      <Download intentId={outline.intentId} />
      {asking === 'incident' && (
        <Suspense>
          <OpenIncident opened onClose={() => setAsking(undefined)} intentId={outline.intentId} />
        </Suspense>
      )}
      <Reveal
        opened={asking === 'reveal'}
        intentId={outline.intentId}
        onClose={() => setAsking(undefined)}
        onOpened={onOpened}
      />
    </Group>
  );
}

function Download({ intentId }: { intentId: string }) {
  const taking = useMutation({
    mutationFn: async (lines: boolean) => {
      const { data } = await getV1TracesIntentId({ path: { intentId }, throwOnError: true });
      if (!lines) return download(`${intentId}.json`, JSON.stringify(data, undefined, 2), 'application/json');
      const { records, forged, duplicates, control } = data;
      const text = [
        ...records.map((record) => ({ standing: 'genuine', ...record })),
        ...forged.map((record) => ({ standing: 'forged', ...record })),
        ...duplicates.map((record) => ({ standing: 'duplicate', ...record })),
        ...control.map((record) => ({ standing: 'control', ...record })),
      ].map((record) => `${JSON.stringify(record)}\n`);
      download(`${intentId}.ndjson`, text.join(''), 'application/x-ndjson');
    },
  });
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button
            size="xs"
            variant="default"
            loading={taking.isPending}
            leftSection={<IconDownload size={14} aria-hidden />}
          >
            Download
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => taking.mutate(false)}>The whole trace as JSON</Menu.Item>
          <Menu.Item onClick={() => taking.mutate(true)}>Its events as NDJSON</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {taking.isError && <Failed error={taking.error} />}
    </>
  );
}
