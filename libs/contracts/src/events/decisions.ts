import { z } from 'zod';
import { classified } from '../data-class.js';
import { requestedSubject, session } from './intents.js';
import {
  blast,
  count,
  epochSeconds,
  flag,
  id,
  instant,
  name,
  payloadObject,
  person,
  preview,
  provenance,
  recordRead,
  refusalFields,
  ruleResult,
  version,
  words,
} from './fields.js';

/** What policy verified of an intent. Planner and executor see this, never the token. */
export const intentAccepted = z.strictObject({
  intentId: id,
  source: id,
  requestId: id,
  kind: classified('internal', z.enum(['intent', 'action'])),
  workflow: name,
  workflowVersion: version,
  session,
  sessionId: id,
  actor: person,
  /** Authority to propose ends at this instant, or with the reply. */
  authorityUntil: instant,
  text: words.optional(),
  subject: requestedSubject.optional(),
  action: z.strictObject({ actionId: id, tool: name, arguments: payloadObject, dryRun: flag }).optional(),
});

export const intentRefused = z.strictObject({
  intentId: id,
  source: id,
  requestId: id,
  workflow: name.optional(),
  /** What the sender claimed and nothing vouches for. */
  claimed: z.strictObject({ tenant: id.optional(), sub: id.optional(), key: words.optional() }),
  ...refusalFields,
});

const decided = {
  intentId: id,
  actionId: id,
  revision: count,
  tenant: id,
  actor: person,
  workflow: name,
  workflowVersion: version,
  session,
  tool: name,
  toolVersion: version,
  rules: z.array(ruleResult),
  policyVersion: version,
  decidedAt: instant,
};

export const GRANTS = ['read', 'preview', 'draft', 'commit'] as const;
export type Grant = (typeof GRANTS)[number];
export const grant = classified('public', z.enum(GRANTS));

export const approver = z.strictObject({ sub: id, roles: z.array(name).max(50), reason: words, at: instant });

/** What a person changed of an action before it was approved: `arguments` are those before. */
export const edit = z.strictObject({
  by: id,
  roles: z.array(name).max(50),
  reason: words,
  at: instant,
  arguments: payloadObject,
  /** The tool declares that such a change only takes away: then who made it may also approve it. */
  narrowing: flag,
});
/** The first one's `arguments` are what was proposed; the event's own are what takes effect. */
const edits = z.array(edit).max(10).optional();

/**
 * The warrant: the executor runs what it says and nothing else. Its value is canonical JSON, and its `signature`
 * attribute covers those bytes.
 */
export const actionApproved = z.strictObject({
  ...decided,
  grant,
  arguments: payloadObject,
  /** true: the preview is the outcome (a dry run), no commit follows. */
  dryRun: flag,
  idempotencyKey: id,
  /** What a commit must still find: the preview a rule or a person decided on. */
  preview: preview.optional(),
  approvers: z.array(approver),
  edits,
  /** Records, at the versions read, that the action rests on: read again before a commit, which is not made if one has moved. */
  context: z.array(recordRead).max(64).optional(),
  /** With a preview: whose roles the executor looks up in the directory. */
  people: z.array(id).max(20).optional(),
  /** Tokens of sealed values that this session has read or said; the executor opens no other. */
  opens: z.array(id).max(100).optional(),
  facts: payloadObject,
  /** Offset of the last control record policy had applied. */
  epoch: count,
  fingerprint: version,
  jti: id,
  nbf: epochSeconds,
  exp: epochSeconds,
});

export const actionDenied = z.strictObject({
  ...decided,
  arguments: payloadObject,
  ...refusalFields,
  final: flag,
  /** Of RATE_LIMITED: when to ask again. */
  retryAt: instant.optional(),
  /** What the rules looked at, so that the decision can be made once more. */
  facts: payloadObject.optional(),
  edits,
});

export const actionEscalated = z.strictObject({
  ...decided,
  arguments: payloadObject,
  provenance,
  preview: preview.optional(),
  /** What the preview read. */
  recordsRead: z.array(recordRead).max(64).optional(),
  approverRoles: z.array(name).min(1),
  approvalsNeeded: count.min(1),
  blast,
  /** Digest of the whole action a person sees; a decision binds to it. */
  actionHash: id,
  expiresAt: instant,
  edits,
  /** What the rules looked at, so that the decision can be made once more. */
  facts: payloadObject.optional(),
  /** Asked again about the very same effect: why the decision that caused this one did not count. */
  because: words.optional(),
});

/** A person's verdict on an in-doubt commit, checked by policy. */
export const actionSettled = z.strictObject({
  intentId: id,
  actionId: id,
  revision: count,
  tenant: id,
  outcome: classified('internal', z.enum(['committed', 'failed'])),
  by: id,
  reason: words,
});

/** A person's verdict that policy did not take, and why: the commit is in doubt as before. */
export const actionUnsettled = z.strictObject({
  intentId: id,
  actionId: id,
  revision: count,
  tenant: id,
  outcome: classified('internal', z.enum(['committed', 'failed'])),
  by: id,
  /** Id of the event that carried it. */
  verdictId: id,
  ...refusalFields,
});
