import { Tooltip } from '@mantine/core';
import { exact } from '../../ui/relative-time.js';
import { Tag, type Tone } from '../../ui/tag.js';
import { useNow } from '../../ui/time.js';
import { clockOf, type Clock, type Incident } from './incident.js';

const TONES: Record<Clock['tone'], Tone> = { running: 'info', soon: 'warn', late: 'bad', stopped: 'good' };

/** How long there is left to capture it, or that there is none; until when, on hover and focus. */
export function IncidentClock({ incident }: { incident: Incident }) {
  const now = useNow(15_000);
  const { tone, words } = clockOf(incident, now);
  const { capturedAt, dueAt } = incident;
  const label = capturedAt ? `Captured ${exact(capturedAt)}` : `To be captured until ${exact(dueAt)}`;
  return (
    <Tooltip label={label} events={{ hover: true, focus: true, touch: true }}>
      <span tabIndex={0}>
        <Tag tone={tone === 'stopped' && incident.state === 'closed' ? 'plain' : TONES[tone]}>{words}</Tag>
      </span>
    </Tooltip>
  );
}
