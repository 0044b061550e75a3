import type { Consumer, Handler } from '@countersign/messaging';
import type { CloudEvent } from '@countersign/contracts';
import { project } from './read-model.js';

/** Nothing is decided here: an event becomes a row of the read model, and states are made of those when somebody asks. */
const shown: Handler<CloudEvent, unknown> = { touches: () => [], decide: () => [] };

export const gatewayConsumer: Consumer = {
  name: 'gateway',
  lingerMs: 50,
  topics: {
    decisions: {
      'countersign.intent.accepted.v1': shown,
      'countersign.intent.refused.v1': shown,
      'countersign.action.approved.v1': shown,
      'countersign.action.denied.v1': shown,
      'countersign.action.escalated.v1': shown,
      'countersign.action.settled.v1': shown,
      'countersign.action.unsettled.v1': shown,
    },
    results: {
      'countersign.action.read.v1': shown,
      'countersign.action.previewed.v1': shown,
      'countersign.action.drafted.v1': shown,
      'countersign.action.committed.v1': shown,
      'countersign.action.failed.v1': shown,
      'countersign.action.returned.v1': shown,
      'countersign.action.blocked.v1': shown,
      'countersign.action.in-doubt.v1': shown,
      'countersign.action.resolved.v1': shown,
    },
    replies: { 'countersign.reply.sent.v1': shown },
    approvals: {
      'countersign.approval.opened.v1': shown,
      'countersign.approval.viewed.v1': shown,
      'countersign.approval.delegated.v1': shown,
      'countersign.approval.granted.v1': shown,
      'countersign.approval.edited.v1': shown,
      'countersign.approval.rejected.v1': shown,
      'countersign.approval.expired.v1': shown,
      'countersign.approval.settled.v1': shown,
    },
  },
  project,
};
