import type { Incoming } from '@countersign/contracts';
import { checkSignature, type KeyRing } from '@countersign/signing';
import type { Consumer } from '@countersign/messaging';
import { controlTouches, decideControl } from './control.js';
import {
  approvedTouches,
  approvedTouchesAlso,
  currentItemTouches,
  decideApproved,
  decideDenied,
  decideEscalated,
  deniedTouches,
  escalatedTouches,
  placeOf,
  type Facts,
} from './decide.js';
import {
  decideInDoubt,
  decideResolved,
  decideUnsettled,
  doubtTouches,
  doubtTouchesAlso,
  unsettledTouches,
} from './doubts.js';

type Report = (incoming: Incoming, because: string) => void;

const CONCERNS_PEOPLE: ReadonlySet<string> = new Set([
  'countersign.action.escalated.v1',
  'countersign.action.denied.v1',
  'countersign.action.unsettled.v1',
]);

/** Whether something could come of it for people: only these are worth a signature's check. */
function concernsPeople({ event }: Incoming): boolean {
  if (event.type === 'countersign.action.approved.v1')
    return event.data.approvers.length > 0 || event.data.edits !== undefined;
  return CONCERNS_PEOPLE.has(event.type);
}

/** What of these its owner did not sign, by place; each is reported. */
export function findForged(ring: KeyRing, owner: string, events: Incoming[], report: Report): Map<string, string> {
  const forged = new Map<string, string>();
  for (const incoming of events) {
    const check = checkSignature(ring, owner, incoming);
    if (check.ok) continue;
    forged.set(placeOf(incoming), check.because);
    report(incoming, check.because);
  }
  return forged;
}

/** Switches and stages, as policy has verified and signed them. The executor's word of what it has drained is nothing here. */
export function controlConsumer(ring: KeyRing, report: Report): Consumer<Pick<Facts, 'forged'>> {
  const isPolicys = ({ event }: Incoming) =>
    event.type === 'countersign.control.applied.v1' && event.data.service === 'policy';
  return {
    name: 'approval-control',
    topics: {
      'control-acks': {
        'countersign.control.applied.v1': { touches: controlTouches, decide: decideControl },
        'countersign.control.refused.v1': 'ignore',
      },
    },
    prepare: (events) => Promise.resolve({ forged: findForged(ring, 'policy', events.filter(isPolicys), report) }),
  };
}

/** Commits in doubt, by the executor's word: what a person may say something of. */
export function doubtsConsumer(ring: KeyRing, report: Report): Consumer<Pick<Facts, 'forged'>> {
  return {
    name: 'approval-doubts',
    lingerMs: 250,
    topics: {
      results: {
        'countersign.action.in-doubt.v1': {
          touches: doubtTouches,
          touchesAlso: doubtTouchesAlso,
          decide: decideInDoubt,
        },
        'countersign.action.resolved.v1': {
          touches: doubtTouches,
          touchesAlso: doubtTouchesAlso,
          decide: decideResolved,
        },
        'countersign.action.read.v1': 'ignore',
        'countersign.action.previewed.v1': 'ignore',
        'countersign.action.drafted.v1': 'ignore',
        'countersign.action.committed.v1': 'ignore',
        'countersign.action.failed.v1': 'ignore',
        'countersign.action.returned.v1': 'ignore',
        'countersign.action.blocked.v1': 'ignore',
      },
    },
    prepare: (events) => Promise.resolve({ forged: findForged(ring, 'executor', events, report) }),
  };
}

export function approvalConsumer(ring: KeyRing, report: Report, webhooks: boolean): Consumer<Facts> {
  return {
    name: 'approval',
    lingerMs: 100,
    topics: {
      decisions: {
        'countersign.intent.accepted.v1': 'ignore',
        'countersign.intent.refused.v1': 'ignore',
        'countersign.action.settled.v1': 'ignore',
        'countersign.action.unsettled.v1': { touches: unsettledTouches, decide: decideUnsettled },
        'countersign.action.escalated.v1': {
          touches: escalatedTouches,
          touchesAlso: currentItemTouches,
          decide: decideEscalated,
        },
        'countersign.action.approved.v1': {
          touches: approvedTouches,
          touchesAlso: approvedTouchesAlso,
          decide: decideApproved,
        },
        'countersign.action.denied.v1': {
          touches: deniedTouches,
          touchesAlso: currentItemTouches,
          decide: decideDenied,
        },
      },
    },
    prepare: (events) =>
      Promise.resolve({ forged: findForged(ring, 'policy', events.filter(concernsPeople), report), webhooks }),
  };
}
