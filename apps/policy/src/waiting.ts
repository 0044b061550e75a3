import { deriveId, UNVERIFIED, type Incoming } from '@countersign/contracts';
import { work, type Effect, type WorkRow } from '@countersign/messaging/stream';
import type { ControlSet } from './control.js';
import type { Requested } from './drafts.js';
import { placeOf } from './facts.js';

/** What carries a person's token in the open. */
export type Waiter = Requested | ControlSet;

interface Waiting {
  /** JSON in base64: what was asked for may hold what no JSON column takes. */
  packed: string;
  sealed: string;
}
/** The record, written down as work until the provider's keys say who made its token (work.ts). */
export const waitForKey = (incoming: Waiter, sealed: string): Effect =>
  work({
    id: deriveId('wait', placeOf(incoming), incoming.event.source, incoming.event.id),
    kind: 'verify',
    target: 'identity-provider',
    tenant: UNVERIFIED,
    body: { packed: pack(incoming), sealed },
  });

function pack({ record, key, event, text }: Waiter): string {
  const { topic, partition, offset, timestamp } = record;
  const kept = { topic, partition, offset: String(offset), timestamp };
  return Buffer.from(JSON.stringify({ record: kept, key, event, text })).toString('base64');
}

export function unpack({ body }: Pick<WorkRow, 'body'>): { incoming: Waiter; sealed: string } {
  const { packed, sealed } = body as unknown as Waiting;
  const { record, ...rest } = JSON.parse(Buffer.from(packed, 'base64').toString('utf8')) as Omit<Waiter, 'record'> & {
    record: Omit<Incoming['record'], 'offset'> & { offset: string };
  };
  const whole = { ...record, offset: BigInt(record.offset), key: null, value: null, headers: {} };
  return { incoming: { ...rest, record: whole, headers: {}, signature: undefined } as Waiter, sealed };
}
