import { deriveId, type JsonObject } from '@countersign/contracts';
import { work, type Effect } from '@countersign/messaging/stream';
import type { Item, Status } from './state.js';

/** What is told to whoever wants to know. Ids and figures alone: no argument, no effect, nothing that was sealed. */
export type Told =
  { event: 'opened' | 'expiring'; expiresAt: string } | { event: 'decided'; outcome: Status; code?: string };

/** Tells it, once and for as long as a day. The id is the message's: a receiver knows by it what it was told before. */
export function tell(item: Item, told: Told, now: Date): Effect {
  const { approvalId, envelope } = item;
  const { event, ...said } = told;
  const id = deriveId('whk', approvalId, event, 'outcome' in told ? told.outcome : '');
  const data = { ...aboutOf(item), ...said };
  const body = { type: `approval.${event}`, timestamp: now.toISOString(), data } as JsonObject;
  return work({ id, kind: 'webhook', target: 'webhook', tenant: envelope.tenantid, body });
}

function aboutOf({ approvalId, escalated }: Item) {
  const { intentId, actionId, revision, tenant, workflow, tool, actor, blast } = escalated;
  return {
    ...{ approvalId, intentId, actionId, revision, tenant, workflow, tool, requester: actor.sub },
    blast: { ...(blast.amount ? { amount: blast.amount } : {}), records: blast.records, reversible: blast.reversible },
    /** Below the gateway's origin. */
    link: `/v1/approvals/${approvalId}`,
  };
}
