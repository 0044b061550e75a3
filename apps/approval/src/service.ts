import type { Incoming } from '@countersign/contracts';
import { checkSignature, type KeyRing } from '@countersign/signing';
import type { Consumer } from '@countersign/messaging';
import {
  approvedTouches,
  currentItemTouches,
  decideApproved,
  decideDenied,
  decideEscalated,
  deniedTouches,
  escalatedTouches,
  placeOf,
  type Facts,
} from './decide.js';

/** Whether an item could come of it: only these are worth a signature's check. */
function concernsPeople({ event }: Incoming): boolean {
  if (event.type === 'countersign.action.approved.v1') return event.data.approvers.length > 0;
  return event.type === 'countersign.action.escalated.v1' || event.type === 'countersign.action.denied.v1';
}

/** What of these policy did not sign, by place; each is reported. */
export function findForged(
  ring: KeyRing,
  events: Incoming[],
  report: (incoming: Incoming, because: string) => void,
): Facts {
  const forged = new Map<string, string>();
  for (const incoming of events.filter(concernsPeople)) {
    const check = checkSignature(ring, 'policy', incoming);
    if (check.ok) continue;
    forged.set(placeOf(incoming), check.because);
    report(incoming, check.because);
  }
  return { forged };
}

export function approvalConsumer(
  ring: KeyRing,
  report: (incoming: Incoming, because: string) => void,
): Consumer<Facts> {
  return {
    name: 'approval',
    lingerMs: 100,
    topics: {
      decisions: {
        'countersign.intent.accepted.v1': 'ignore',
        'countersign.intent.refused.v1': 'ignore',
        'countersign.action.settled.v1': 'ignore',
        'countersign.action.escalated.v1': {
          touches: escalatedTouches,
          touchesAlso: currentItemTouches,
          decide: decideEscalated,
        },
        'countersign.action.approved.v1': { touches: approvedTouches, decide: decideApproved },
        'countersign.action.denied.v1': {
          touches: deniedTouches,
          touchesAlso: currentItemTouches,
          decide: decideDenied,
        },
      },
    },
    prepare: (events) => Promise.resolve(findForged(ring, events, report)),
  };
}
