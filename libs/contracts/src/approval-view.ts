import { z } from 'zod';
import { CODE_NAMES } from './codes.js';
import { argumentProvenance, blast, preview, recordRead, ruleResult } from './events/fields.js';

/* One item of the queue as the approval service shows it: `GET /v1/approvals` and what decides on items. */

export const APPROVAL_STATES = ['open', 'decided', 'approved', 'denied', 'expired', 'superseded'] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

const text = z.string();
const instant = z.iso.datetime({ offset: true });
const json = z.unknown();
const args = z.record(text, json);
/** Field by field; null stands for what is absent. */
const change = z.object({ field: text, before: json, after: json });
const killed = z.object({ scope: text, since: text, by: text.optional(), reason: text.optional() });
const claim = z.object({ by: text, until: instant, delegatedBy: text.optional(), reason: text.optional() });
const decision = z.object({
  decision: z.enum(['approve', 'reject', 'edit']),
  approver: z.object({ sub: text, roles: z.array(text) }),
  reason: text,
  at: instant,
  arguments: args.optional(),
});
const pastEdit = z.object({
  by: text,
  roles: z.array(text),
  reason: text,
  at: instant,
  narrowing: z.boolean(),
  before: args,
  after: args,
  difference: z.array(change),
  arguments: args.optional(),
});

/** What the requester sees: how it stands. */
export const approvalStatus = z.object({
  approvalId: text,
  status: z.enum(APPROVAL_STATES),
  intentId: text,
  actionId: text,
  workflow: text,
  tool: text,
  requestedBy: text,
  openedAt: instant,
  /** null while a switch has stopped its time. */
  expiresAt: instant.nullable(),
  paused: z.literal(true).optional(),
  remainingSeconds: z.int().optional(),
  killed: killed.optional(),
  /** Of a denied one. */
  code: z.enum(CODE_NAMES).optional(),
  detail: text.optional(),
  /** The item that stands now instead of this one. */
  supersededBy: text.optional(),
});

/** What whoever may decide sees: the very fields the action hash was made over, and what surrounds them. */
export const approvalItem = approvalStatus.extend({
  revision: z.int(),
  toolVersion: text,
  actor: z.looseObject({ sub: text, tenant: text, roles: z.array(text) }),
  arguments: args,
  provenance: z.record(text, argumentProvenance),
  /** Arguments that nothing vouches for: to be looked at before all others. */
  cautions: z.array(z.object({ argument: text, says: text })),
  edits: z
    .object({ proposed: args, effective: args, difference: z.array(change), history: z.array(pastEdit) })
    .optional(),
  editorMayApprove: z.boolean().optional(),
  preview: preview.nullable(),
  diff: z.array(change),
  recordsRead: z.array(recordRead),
  rules: z.array(ruleResult),
  blast,
  policyVersion: text,
  approverRoles: z.array(text),
  approvalsNeeded: z.int(),
  actionHash: text,
  decidable: z.boolean(),
  decisions: z.array(decision),
  reopened: z.object({ at: text, because: text }).optional(),
  claim: claim.nullable(),
  claimedByMe: z.boolean(),
  /** Token of a sealed value → what it stands for; of one item that the caller may decide now. */
  opened: z.record(text, json).optional(),
});
export const approvalView = z.union([approvalItem, approvalStatus]);
export type ApprovalView = z.infer<typeof approvalView>;

/** Each item of a batch has its own result. */
export const batchResults = z.object({
  results: z.array(
    z.object({
      approvalId: text,
      status: z.enum(['recorded', 'refused']),
      problem: z.looseObject({ status: z.int(), code: z.enum(CODE_NAMES), detail: text, nextStep: text }).optional(),
    }),
  ),
});
