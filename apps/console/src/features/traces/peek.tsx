import { Button, Drawer, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { KeyboardEvent } from 'react';
import { getV1TracesIntentIdOutlineOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { PageLink } from '../../ui/link.js';
import { Failed, Loading } from '../../ui/states.js';
import type { Line } from './asked.js';
import { StoryOf } from './story-of.js';

interface Props {
  intentId: string | undefined;
  among: readonly Line[];
  onMove: (intentId: string) => void;
  onClose: () => void;
}

/** One trace's story beside the list; j and k go on to the next one, Escape back to the list. */
export function Peek({ intentId, among, onMove, onClose }: Props) {
  const at = among.findIndex((line) => line.intentId === intentId);
  const [before, next] = [at > 0 ? among[at - 1] : undefined, at === -1 ? undefined : among[at + 1]];
  const onKeyDown = (event: KeyboardEvent) => {
    const to = event.key === 'j' ? next : event.key === 'k' ? before : undefined;
    if (to && !event.ctrlKey && !event.metaKey && !event.altKey) onMove(to.intentId);
  };
  return (
    <Drawer
      opened={intentId !== undefined}
      onClose={onClose}
      position="right"
      size="xl"
      title="Peek"
      onKeyDown={onKeyDown}
      closeButtonProps={{ 'aria-label': 'Close the peek' }}
    >
      {intentId !== undefined && (
        <Stack gap="md">
          <Group justify="space-between">
            <PageLink to="/traces/$intentId" params={{ intentId }} data-autofocus>
              Open the whole trace
            </PageLink>
            <Group gap="xs">
              <Move to={before} says="Previous (k)" onMove={onMove} />
              <Move to={next} says="Next (j)" onMove={onMove} />
            </Group>
          </Group>
          <Peeked key={intentId} intentId={intentId} />
        </Stack>
      )}
    </Drawer>
  );
}

function Move({ to, says, onMove }: { to: Line | undefined; says: string; onMove: Props['onMove'] }) {
  return (
    <Button size="compact-sm" variant="default" disabled={!to} onClick={() => to && onMove(to.intentId)}>
      {says}
    </Button>
  );
}

function Peeked({ intentId }: { intentId: string }) {
  const outline = useQuery(getV1TracesIntentIdOutlineOptions({ path: { intentId } }));
  if (outline.isPending) return <Loading label="the trace" />;
  if (outline.isError) return <Failed error={outline.error} onRetry={() => void outline.refetch()} />;
  return (
    <>
      <Text size="xs" c="dimmed" aria-live="polite">{`Trace of ${outline.data.actor ?? 'nobody verified'}`}</Text>
      <StoryOf outline={outline.data} headings={3} />
    </>
  );
}
