import type { Consumer } from '@countersign/messaging';
import { expired, granted, rejected } from './approvals.js';
import { controlSet, type ControlFacts } from './control.js';
import { CONTROL_CONSUMER } from './control-reader.js';
import { proposed, replied, requested } from './decide.js';
import { doubted, settled } from './doubts.js';
import { edited } from './edits.js';
import type { Facts } from './facts.js';
import { prepare, prepareControl, type ControlMeans, type Means } from './prepare.js';
import { done, previewed, read, resolved, returned, undone } from './results.js';

/** A reply takes authority away a little later than it was sent, so that many share a transaction. */
const REPLIES_LINGER_MS = 50;

/**
 * Three groups: what carries a person's token may have to wait for the identity provider, and what does not must not wait behind it.
 * Replies are read beside both: most are of one tool call and change nothing here.
 */
export function policy(means: Means): Consumer<Facts>[] {
  const facts = (events: Parameters<typeof prepare>[0]) => prepare(events, means);
  const people: Consumer<Facts> = {
    name: 'policy-people',
    prepare: facts,
    topics: {
      intents: { 'countersign.intent.requested.v1': requested, 'countersign.action.requested.v1': requested },
      approvals: {
        'countersign.approval.granted.v1': granted,
        'countersign.approval.rejected.v1': rejected,
        'countersign.approval.expired.v1': expired,
        'countersign.approval.opened.v1': 'ignore',
        'countersign.approval.viewed.v1': 'ignore',
        'countersign.approval.delegated.v1': 'ignore',
        'countersign.approval.edited.v1': edited,
        'countersign.approval.settled.v1': settled,
      },
    },
  };
  const machines: Consumer<Facts> = {
    name: 'policy',
    prepare: facts,
    topics: {
      proposals: {
        'countersign.action.proposed.v1': proposed,
        'countersign.model.called.v1': 'ignore',
      },
      results: {
        'countersign.action.read.v1': read,
        'countersign.action.previewed.v1': previewed,
        'countersign.action.returned.v1': returned,
        'countersign.action.drafted.v1': done('drafted'),
        'countersign.action.committed.v1': done('committed'),
        'countersign.action.failed.v1': undone('failed'),
        'countersign.action.blocked.v1': undone('blocked'),
        'countersign.action.resolved.v1': resolved,
        'countersign.action.in-doubt.v1': doubted,
      },
    },
  };
  const replies: Consumer<Facts> = {
    name: 'policy-replies',
    prepare: facts,
    topics: { replies: { 'countersign.reply.sent.v1': replied } },
    lingerMs: REPLIES_LINGER_MS,
  };
  return [people, machines, replies];
}

/** Every instance reads it whole, from the beginning of the log: what it says is known before anything is decided. */
export const control = (means: ControlMeans): Consumer<ControlFacts> => ({
  name: CONTROL_CONSUMER,
  everyInstance: true,
  prepare: (events) => prepareControl(events, means),
  topics: { control: { 'countersign.control.set.v1': controlSet } },
});
