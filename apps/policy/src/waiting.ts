import { deriveId, UNVERIFIED } from '@countersign/contracts';
import { work, type Effect } from '@countersign/messaging/stream';
import type { ControlSet } from './control.js';
import type { Requested } from './drafts.js';
import { placeOf } from './facts.js';

/** What carries a person's token in the open. */
export type Waiter = Requested | ControlSet;

/** The record, written down as work until the provider's keys say who made its token (work.ts). */
export const waitForKey = (incoming: Waiter, sealed: string): Effect =>
  work({
    id: deriveId('wait', placeOf(incoming), incoming.event.source, incoming.event.id),
    kind: 'verify',
    target: 'identity-provider',
    tenant: UNVERIFIED,
    body: { sealed },
  });
