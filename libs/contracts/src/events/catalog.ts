import type { z } from 'zod';
import type { Topic } from '../topics.js';
import * as approvals from './approvals.js';
import * as audit from './audit.js';
import * as decisions from './decisions.js';
import * as intents from './intents.js';
import * as proposals from './proposals.js';
import * as replies from './replies.js';
import * as results from './results.js';

/** Every event: its topic and the schema of its data. A published version is frozen; a change is a new type beside it. */
export const EVENTS = {
  'countersign.intent.requested.v1': { topic: 'intents', data: intents.intentRequested },
  'countersign.action.requested.v1': { topic: 'intents', data: intents.actionRequested },
  'countersign.action.proposed.v1': { topic: 'proposals', data: proposals.actionProposed },
  'countersign.model.called.v1': { topic: 'proposals', data: proposals.modelCalled },
  'countersign.intent.accepted.v1': { topic: 'decisions', data: decisions.intentAccepted },
  'countersign.intent.refused.v1': { topic: 'decisions', data: decisions.intentRefused },
  'countersign.action.approved.v1': { topic: 'decisions', data: decisions.actionApproved },
  'countersign.action.denied.v1': { topic: 'decisions', data: decisions.actionDenied },
  'countersign.action.escalated.v1': { topic: 'decisions', data: decisions.actionEscalated },
  'countersign.action.settled.v1': { topic: 'decisions', data: decisions.actionSettled },
  'countersign.action.unsettled.v1': { topic: 'decisions', data: decisions.actionUnsettled },
  'countersign.approval.opened.v1': { topic: 'approvals', data: approvals.approvalOpened },
  'countersign.approval.viewed.v1': { topic: 'approvals', data: approvals.approvalViewed },
  'countersign.approval.delegated.v1': { topic: 'approvals', data: approvals.approvalDelegated },
  'countersign.approval.granted.v1': { topic: 'approvals', data: approvals.approvalGranted },
  'countersign.approval.edited.v1': { topic: 'approvals', data: approvals.approvalEdited },
  'countersign.approval.rejected.v1': { topic: 'approvals', data: approvals.approvalRejected },
  'countersign.approval.expired.v1': { topic: 'approvals', data: approvals.approvalExpired },
  'countersign.approval.settled.v1': { topic: 'approvals', data: approvals.approvalSettled },
  'countersign.action.read.v1': { topic: 'results', data: results.actionRead },
  'countersign.action.previewed.v1': { topic: 'results', data: results.actionPreviewed },
  'countersign.action.drafted.v1': { topic: 'results', data: results.actionDrafted },
  'countersign.action.committed.v1': { topic: 'results', data: results.actionCommitted },
  'countersign.action.failed.v1': { topic: 'results', data: results.actionFailed },
  'countersign.action.returned.v1': { topic: 'results', data: results.actionReturned },
  'countersign.action.blocked.v1': { topic: 'results', data: results.actionBlocked },
  'countersign.action.in-doubt.v1': { topic: 'results', data: results.actionInDoubt },
  'countersign.action.resolved.v1': { topic: 'results', data: results.actionResolved },
  'countersign.reply.sent.v1': { topic: 'replies', data: replies.replySent },
  'countersign.control.set.v1': { topic: 'control', data: replies.controlSet },
  'countersign.control.applied.v1': { topic: 'control-acks', data: replies.controlApplied },
  'countersign.control.refused.v1': { topic: 'control-acks', data: replies.controlRefused },
  'countersign.audit.heartbeat.v1': { topic: 'audit', data: audit.auditHeartbeat },
  'countersign.audit.checkpoint.v1': { topic: 'audit', data: audit.auditCheckpoint },
  'countersign.audit.revealed.v1': { topic: 'audit', data: audit.auditRevealed },
  'countersign.audit.erased.v1': { topic: 'audit', data: audit.auditErased },
  'countersign.audit.incident-opened.v1': { topic: 'audit', data: audit.auditIncidentOpened },
  'countersign.audit.incident-captured.v1': { topic: 'audit', data: audit.auditIncidentCaptured },
  'countersign.audit.incident-closed.v1': { topic: 'audit', data: audit.auditIncidentClosed },
} as const satisfies Record<string, { topic: Topic; data: z.ZodType }>;

type Catalog = typeof EVENTS;
export type EventType = keyof Catalog;
export type EventData<T extends EventType> = z.infer<Catalog[T]['data']>;
/** The event types that travel on a topic. */
export type EventTypeOn<T extends Topic> = { [K in EventType]: Catalog[K]['topic'] extends T ? K : never }[EventType];

export function eventTypesOn(topic: Topic): EventType[] {
  return (Object.keys(EVENTS) as EventType[]).filter((type) => EVENTS[type].topic === topic);
}
