import type { EventType } from '@countersign/contracts';
import { checkSignature, type Covered, type KeyRing, type Signed } from '@countersign/signing';
import type { IntentEventRow } from './read-model.js';
import type { StatusEvent } from './status.js';

/** Who must have signed what is shown. */
function ownerOf(topic: IntentEventRow['topic']): 'policy' | 'executor' | 'planner' {
  switch (topic) {
    case 'decisions':
      return 'policy';
    case 'results':
      return 'executor';
    case 'replies':
      return 'planner';
    default:
      return topic satisfies never;
  }
}

/** Called with where a record stands that its service did not sign. */
export type OnForged = (
  record: { topic: string; partition: number; offset: string; type: EventType },
  because: string,
) => void;

/** The rows of an intent whose events are genuine, in order. A forged one is as if it were not there, and reported. */
export const genuineRows = (ring: KeyRing, rows: readonly IntentEventRow[], onForged: OnForged): IntentEventRow[] =>
  rows.filter((row) => isGenuine(ring, row, onForged));

function isGenuine(ring: KeyRing, row: IntentEventRow, onForged: OnForged): boolean {
  const covered = JSON.parse(row.covered) as Covered;
  const event = { ...covered, type: row.type } as Signed['event'];
  const signed = { key: covered.key, text: row.text, event, signature: row.signature ?? undefined };
  const check = checkSignature(ring, ownerOf(row.topic), signed);
  if (!check.ok) onForged(row, check.because);
  return check.ok;
}

/** Whose intent it is, by what policy said when it accepted or refused it; undefined until it has. */
export function actorOf(genuine: readonly IntentEventRow[]): string | undefined {
  const row =
    genuine.find(({ type }) => type === 'countersign.intent.accepted.v1') ??
    genuine.find(({ type }) => type === 'countersign.intent.refused.v1');
  return row && (JSON.parse(row.covered) as Covered).actorid;
}

export function eventOf({ type, appendedAt, text }: IntentEventRow): StatusEvent {
  // Its form was checked when it came in.
  return {
    type: type as EventType,
    at: new Date(Number(appendedAt)).toISOString(),
    data: JSON.parse(text),
  } as StatusEvent;
}
