import type { AnyEvent, EventType, Incoming } from '@countersign/contracts';
import { checkSignature, type KeyRing } from '@countersign/signing';
import type { IntentEventRow } from './read-model.js';
import type { StatusEvent } from './status.js';

/** Who must have signed what is shown. Replies are the planner's, unsigned: they speak, they decide nothing. */
function ownerOf(topic: IntentEventRow['topic']): 'policy' | 'executor' | undefined {
  switch (topic) {
    case 'decisions':
      return 'policy';
    case 'results':
      return 'executor';
    case 'replies':
      return undefined;
    default:
      return topic satisfies never;
  }
}

export type OnForged = (row: IntentEventRow, because: string) => void;

/** The events of an intent that are genuine, in order. A forged one is as if it were not there, and reported. */
export function genuineEvents(ring: KeyRing, rows: readonly IntentEventRow[], onForged: OnForged): StatusEvent[] {
  return rows.filter((row) => isGenuine(ring, row, onForged)).map(eventOf);
}

function isGenuine(ring: KeyRing, row: IntentEventRow, onForged: OnForged): boolean {
  const owner = ownerOf(row.topic);
  if (!owner) return true;
  const { key, text, type, subject } = row;
  const event = { id: row.eventId, type, subject } as AnyEvent;
  const check = checkSignature(ring, owner, { key, text, event, signature: row.signature ?? undefined } as Incoming);
  if (!check.ok) onForged(row, check.because);
  return check.ok;
}

function eventOf({ type, appendedAt, text }: IntentEventRow): StatusEvent {
  // Its form was checked when it came in.
  return {
    type: type as EventType,
    at: new Date(Number(appendedAt)).toISOString(),
    data: JSON.parse(text),
  } as StatusEvent;
}
