import { Button, Paper, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { PageLink } from '../../ui/link.js';
import { Time } from '../../ui/time.js';
import type { Mark } from './marks.js';

const KINDS: Record<Mark['kind'], { word: string; to: '/kill' | '/workflows' | '/evals' }> = {
  trip: { word: 'Stopped', to: '/kill' },
  're-arm': { word: 'Re-armed', to: '/kill' },
  stage: { word: 'Stage', to: '/workflows' },
  release: { word: 'Release', to: '/evals' },
};

/** Of many, those that are shown at once: the last. */
const FEW = 5;

/** What changed from outside: the numbers are those of the dashed lines on the plots. */
export function MarkList({ marks }: { marks: readonly Mark[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? marks : marks.slice(-FEW);
  return (
    <Paper component="section" aria-labelledby="marks" withBorder p="md">
      <Title order={2} size="h5" id="marks">
        {marks.length === 0 ? 'No switch, stage or release was changed' : 'What was changed'}
      </Title>
      {marks.length > 0 && (
        <>
          <Text size="sm" c="dimmed">
            The numbers are those of the dashed lines on the plots.
          </Text>
          <ol aria-label="What was changed" start={shown[0]!.n}>
            {shown.map(({ n, kind, at, words }) => (
              <li key={n} data-mark={kind}>
                <PageLink to={KINDS[kind].to} underline="always">
                  {KINDS[kind].word}
                </PageLink>
                , <Time at={at} />: {words}
              </li>
            ))}
          </ol>
          {marks.length > FEW && (
            <Button variant="default" size="compact-sm" aria-expanded={all} onClick={() => setAll(!all)}>
              {all ? `The last ${FEW}` : `All ${marks.length}`}
            </Button>
          )}
        </>
      )}
    </Paper>
  );
}
