import type { Consumer } from '@countersign/messaging';
import {
  actionTouches,
  decideEnd,
  decideExpired,
  decideGranted,
  decidePreviewed,
  decideProposed,
  decideRead,
  decideRejected,
  decideRequested,
  decideReturned,
  intentTouches,
  requestedTouches,
} from './decide.js';
import type { Facts } from './facts.js';
import { prepare, type Means } from './prepare.js';

const requested = { touches: requestedTouches, decide: decideRequested };
const ofAction = { touches: intentTouches, touchesAlso: actionTouches };

/**
 * Two groups: what carries a person's token may have to wait for the identity provider, and what does not must not wait behind it.
 */
export function policy(means: Means): [people: Consumer<Facts>, machines: Consumer<Facts>] {
  const facts = (events: Parameters<typeof prepare>[0]) => prepare(events, means);
  const people: Consumer<Facts> = {
    name: 'policy-people',
    prepare: facts,
    topics: {
      intents: { 'countersign.intent.requested.v1': requested, 'countersign.action.requested.v1': requested },
      approvals: {
        'countersign.approval.granted.v1': { ...ofAction, decide: decideGranted },
        'countersign.approval.rejected.v1': { ...ofAction, decide: decideRejected },
        'countersign.approval.expired.v1': { ...ofAction, decide: decideExpired },
        'countersign.approval.opened.v1': 'ignore',
        'countersign.approval.edited.v1': 'ignore',
        'countersign.approval.settled.v1': 'ignore',
      },
    },
  };
  const machines: Consumer<Facts> = {
    name: 'policy',
    prepare: facts,
    topics: {
      proposals: {
        'countersign.action.proposed.v1': { ...ofAction, decide: decideProposed },
        'countersign.model.called.v1': 'ignore',
      },
      results: {
        'countersign.action.read.v1': { ...ofAction, decide: decideRead },
        'countersign.action.previewed.v1': { ...ofAction, decide: decidePreviewed },
        'countersign.action.returned.v1': { ...ofAction, decide: decideReturned },
        'countersign.action.drafted.v1': { ...ofAction, decide: decideEnd('drafted') },
        'countersign.action.committed.v1': { ...ofAction, decide: decideEnd('committed') },
        'countersign.action.failed.v1': { ...ofAction, decide: decideEnd('failed') },
        'countersign.action.blocked.v1': { ...ofAction, decide: decideEnd('blocked') },
        'countersign.action.resolved.v1': { ...ofAction, decide: decideEnd('resolved') },
        // Still open: its end comes with what the look-up, or a person, finds.
        'countersign.action.in-doubt.v1': 'ignore',
      },
    },
  };
  return [people, machines];
}
