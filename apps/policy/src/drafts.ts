import {
  actionIdOf,
  cut,
  deriveId,
  eventIdOf,
  idempotencyKeyOf,
  refusal,
  UNVERIFIED,
  type Code,
  type EventData,
  type EventDraft,
  type EventType,
  type Grant,
  type JsonObject,
  type RecordRead,
  type RuleResult,
} from '@countersign/contracts';
import type { ControlView } from '@countersign/control';
import { maskWords, tokensIn } from '@countersign/sealing';
import type { ToolContract } from '@countersign/tool-sdk';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import type { States } from '@countersign/messaging/stream';
import type { Checked, Of, Said } from './facts.js';
import {
  APPROVED_WARRANT_SECONDS,
  CLOCK_SLACK_SECONDS,
  WARRANT_SECONDS,
  type AcceptedIntent,
  type ActionBase,
  type Escalation,
} from './state.js';

export type Requested = Of<'countersign.intent.requested.v1'> | Of<'countersign.action.requested.v1'>;

/** What one decision is about: everything a draft needs besides the action itself. */
export interface Case {
  intent: AcceptedIntent;
  loaded: LoadedWorkflow;
  /** Id of the event that caused this. */
  causationid: string;
  /** What was counted so far: rows that `countedKeys` and `bookedKeys` name (limits.ts). */
  states: States;
  freshAfterMs: number;
  control: ControlView;
  now: Date;
}

/** What each rule said, and what the rules looked at: enough to make the decision once more. */
export interface Looked {
  rules: RuleResult[];
  facts?: JsonObject;
}

export interface Denial {
  code: Code;
  detail: string;
  nextStep?: string | undefined;
  /** Holds whatever the model tries next, though other denials of its code do not. */
  final?: boolean | undefined;
  /** Of RATE_LIMITED: when to ask again. */
  retryAt?: string | undefined;
}

/** Denials that hold for the same action whatever the model tries next. */
const FINAL: readonly Code[] = [
  'PERMISSION_DENIED',
  'APPROVAL_REJECTED',
  'APPROVAL_EXPIRED',
  'INTENT_ENDED',
  'RECORD_RESTRICTED',
];
export const MAX_DETAIL = 2_000;
const MAX_WORDS = 32_768;

/**
 * Hostile text as it may stand in an attribute: bounded, without control characters or halves of characters, and without what looks like
 * personal data. Ids are derived from the text itself.
 */
export const clean = (text: string, length = 200) =>
  cut(maskWords(text), length).replace(/[\u0000-\u001f\u007f]/g, '?');

export function acceptedDraft(
  of: Case,
  requested: Requested,
  sessionId: string,
  sealed: { action: { arguments: JsonObject } } | { action?: undefined; said: Said | undefined },
): EventDraft {
  const { intent, loaded, now } = of;
  const { event } = requested;
  const { kind, intentId, workflow, session, actor, authorityUntil } = intent;
  const about = 'text' in event.data && (('said' in sealed && sealed.said?.subject) || event.data.subject);
  return {
    ...envelope(of, 'countersign.intent.accepted.v1', intentId, intentId),
    time: now.toISOString(),
    data: {
      ...{
        intentId,
        source: clean(event.source),
        requestId: clean(event.id),
        kind,
        workflow,
        workflowVersion: loaded.workflow.version,
      },
      ...{ session, sessionId, actor, authorityUntil },
      ...('text' in event.data
        ? {
            text: cut(('said' in sealed && sealed.said?.text) || event.data.text, MAX_WORDS),
            ...(about ? { subject: about } : {}),
          }
        : {}),
      ...('tool' in event.data && sealed.action
        ? {
            action: {
              actionId: actionIdOf(intentId, 0, 0),
              tool: event.data.tool,
              arguments: sealed.action.arguments,
              dryRun: event.data.dry_run ?? false,
            },
          }
        : {}),
    },
  };
}

/** Filed under the verified tenant, or under `unverified`: what was never accepted pollutes nobody's trace. */
export function refusedDraft(
  { event, key }: Requested,
  checked: Checked,
  intentId: string,
  because: Denial,
  now: Date,
): EventDraft {
  const person = checked.tag === 'person' ? checked.person : undefined;
  const type = 'countersign.intent.refused.v1';
  const claimed = { tenant: clean(event.tenantid), sub: clean(event.actorid), key: clean(key, 1000) };
  return {
    type,
    id: eventIdOf(type, intentId),
    subject: intentId,
    tenantid: person?.tenant ?? UNVERIFIED,
    actorid: person?.sub ?? '',
    session: clean(event.data.session),
    correlationid: intentId,
    causationid: clean(event.id),
    time: now.toISOString(),
    data: {
      ...{
        intentId,
        source: clean(event.source),
        requestId: clean(event.id),
        workflow: clean(event.data.workflow, 100),
      },
      claimed: Object.fromEntries(Object.entries(claimed).filter(([, value]) => value !== '')),
      ...refusal(because.code, cut(because.detail, MAX_DETAIL), because.nextStep),
    },
  };
}

/** The warrant. Its id follows from the action and how many were issued before it, so a redelivery has the same one. */
export function approvedDraft(
  of: Case,
  action: ActionBase,
  grant: Grant,
  { rules, facts = {} }: Looked,
  given: { context: RecordRead[]; people: string[] },
): EventDraft & { data: { jti: string } } {
  const { intent, loaded, now } = of;
  const { actionId, revision, preview, approvers, dryRun } = action;
  const jti = deriveId('jti', actionId, revision, action.warrants);
  const seconds = Math.floor(now.getTime() / 1000);
  const { context, people } = given;
  const opens = tokensIn(action.arguments);
  const lasts = approvers.length > 0 ? APPROVED_WARRANT_SECONDS : WARRANT_SECONDS;
  const data: EventData<'countersign.action.approved.v1'> = {
    ...decided(of, action, rules),
    ...{ grant, arguments: action.arguments, dryRun, approvers, facts },
    ...{ epoch: of.control.epoch, fingerprint: loaded.fingerprint },
    idempotencyKey: idempotencyKeyOf(intent.tenant, actionId, revision),
    ...(preview ? { preview } : {}),
    ...(context.length > 0 ? { context } : {}),
    ...(people.length > 0 ? { people } : {}),
    ...(opens.length > 0 ? { opens } : {}),
    ...{ jti, nbf: seconds - CLOCK_SLACK_SECONDS, exp: seconds + lasts },
  };
  return { ...envelope(of, 'countersign.action.approved.v1', actionId, jti), time: now.toISOString(), data };
}

export function deniedDraft(of: Case, action: Denied, { rules, facts }: Looked, because: Denial): EventDraft {
  const { code, detail, nextStep, final, retryAt } = because;
  return {
    ...envelope(of, 'countersign.action.denied.v1', action.actionId, action.actionId),
    time: of.now.toISOString(),
    data: {
      ...decided(of, action, rules),
      arguments: action.arguments,
      ...refusal(code, cut(detail, MAX_DETAIL), nextStep && cut(nextStep, MAX_DETAIL)),
      final: final ?? FINAL.includes(code),
      ...(facts ? { facts } : {}),
      ...(retryAt ? { retryAt } : {}),
    },
  };
}

export type Denied = Pick<ActionBase, 'actionId' | 'revision' | 'tool' | 'toolVersion' | 'arguments' | 'edits'>;

export interface Asking {
  escalation: Escalation;
  contract: ToolContract;
  provenance: EventData<'countersign.action.escalated.v1'>['provenance'];
  /** Why people are asked again. */
  because?: string;
}

export function escalatedDraft(of: Case, action: ActionBase, { rules, facts }: Looked, asking: Asking): EventDraft {
  const { escalation, contract, provenance, because } = asking;
  const { actionHash, roles, needed, expiresAt } = escalation;
  const { amount, records, affected } = contract.blast?.(action.arguments) ?? { records: 1, affected: [] };
  const type = 'countersign.action.escalated.v1';
  const cause = because === undefined ? [action.actionId, action.revision, actionHash] : [of.causationid];
  return {
    ...envelope(of, type, action.actionId, ...cause),
    time: of.now.toISOString(),
    data: {
      ...decided(of, action, rules),
      policyVersion: escalation.policyVersion,
      ...{
        arguments: action.arguments,
        provenance,
        approverRoles: roles,
        approvalsNeeded: needed,
        actionHash,
        expiresAt,
      },
      ...(action.preview ? { preview: action.preview } : {}),
      ...(action.recordsRead ? { recordsRead: action.recordsRead } : {}),
      blast: {
        ...(amount ? { amount } : {}),
        records,
        reversible: contract.reversible,
        affected: affected.slice(0, 100).map((one) => clean(one)),
      },
      ...(facts ? { facts } : {}),
      ...(because === undefined ? {} : { because: cut(because, MAX_DETAIL) }),
    },
  };
}

function decided({ intent, loaded, now }: Case, action: Denied, rules: RuleResult[]) {
  const { intentId, tenant, actor, workflow, session } = intent;
  const { actionId, revision, tool, toolVersion, edits } = action;
  return {
    ...{
      intentId,
      actionId,
      revision,
      tenant,
      actor,
      workflow,
      workflowVersion: loaded.workflow.version,
      session,
      tool,
      toolVersion,
    },
    ...{ rules, policyVersion: loaded.policyVersion, decidedAt: now.toISOString() },
    ...(edits ? { edits } : {}),
  };
}

/** Every event of an intent carries the accepted intent's tenant, session and actor. */
export function envelope<T extends EventType>(
  { intent, causationid }: Case,
  type: T,
  subject: string,
  ...cause: (string | number)[]
) {
  return {
    type,
    id: eventIdOf(type, ...cause),
    subject,
    tenantid: intent.tenant,
    actorid: intent.actor.sub,
    session: intent.session,
    correlationid: intent.intentId,
    causationid: clean(causationid),
  };
}
