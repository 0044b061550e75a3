import {
  actionHashOf,
  deriveId,
  type EventDraft,
  type Grant,
  type JsonObject,
  type RuleResult,
} from '@countersign/contracts';
import { evaluate, type Verdict } from '@countersign/policy-kit';
import { parseInput, type ToolContract } from '@countersign/tool-sdk';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { approvedDraft, deniedDraft, escalatedDraft, type Case, type Denial, type Denied } from './drafts.js';
import { overGranted, withinLimits } from './limits.js';
import { provenanceOf, restsOn, restsOnTooMuch, unknownTokens } from './provenance.js';
import type { Action, ActionBase, Escalation, OpenAction } from './state.js';

/** What became of an action, and the one decision that says so. */
export interface Decided {
  action: Action;
  event: EventDraft;
}

/** Somebody asks for a tool call. */
export interface Ask {
  actionId: string;
  tool: string;
  arguments: JsonObject;
  dryRun: boolean;
}

const NOT_READ = 'Read the record that holds the value first, then pass its token as it was shown.';

/** Decides on an action nobody decided on before. */
export function judgeNew(of: Case, ask: Ask): Decided {
  const contract = contractOf(of, ask.tool);
  const bare: Denied = {
    actionId: ask.actionId,
    revision: 0,
    tool: ask.tool,
    toolVersion: contract?.version ?? 'unknown',
    arguments: ask.arguments,
  };
  if (!contract)
    return deny(of, bare, { code: 'UNKNOWN_TOOL', detail: `${of.intent.workflow} has no tool ${ask.tool}` });
  const input = parseInput(contract, ask.arguments);
  if (!input.ok) {
    const fields = input.problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    return deny(of, bare, { code: 'INVALID_ARGUMENTS', detail: fields });
  }
  const unknown = unknownTokens(ask.arguments, of.intent);
  if (unknown.length > 0) {
    const detail = `${unknown.slice(0, 5).join(', ')}: not a value this session has read`;
    return deny(of, bare, { code: 'INVALID_ARGUMENTS', detail, nextStep: NOT_READ });
  }
  const fresh = { dryRun: ask.dryRun, warrants: 0, returns: 0, asked: [], approvers: [] };
  return judge(of, { ...bare, arguments: input.value as JsonObject, ...fresh });
}

/** Decides with what is known now: the preview once there is one, the people who said yes. */
export function judge(of: Case, action: ActionBase): Decided {
  const contract = contractOf(of, action.tool);
  if (!contract || contract.version !== action.toolVersion) {
    return deny(of, action, {
      code: 'UNKNOWN_TOOL',
      detail: `${of.intent.workflow} has no tool ${action.tool} ${action.toolVersion} any more`,
    });
  }
  const takes = withinLimits(of, contract, action.arguments);
  const denial = roleDenial(of, contract) ?? ('takes' in takes ? undefined : takes);
  if (denial) return deny(of, action, denial);
  const changes = contract.effect !== 'read' && !action.dryRun;
  const reserving = changes && !action.reserved && 'takes' in takes ? takes.takes : undefined;
  const exhausted = reserving && overGranted(of, reserving);
  if (exhausted) return deny(of, action, exhausted);
  return judged(of, { ...action, ...(reserving ? { reserved: reserving } : {}) }, contract);
}

/** By the rules, and by people where they say so. What is reserved counts only if a commit is granted. */
function judged(of: Case, action: ActionBase, contract: ToolContract): Decided {
  const verdict = ruleVerdict(of, action, contract);
  const isRead = contract.effect === 'read';
  switch (verdict.tag) {
    case 'deny':
      return deny(of, action, verdict, verdict.rules);
    case 'approve':
      if (action.insist !== undefined) return insisted(of, action, contract, verdict.rules);
      return grant(of, action, isRead ? 'read' : action.dryRun ? 'preview' : 'commit', verdict.rules);
    case 'needs-preview':
      if (!isRead) return grant(of, action, 'preview', verdict.rules);
      return deny(
        of,
        action,
        { code: 'PERMISSION_DENIED', detail: 'a rule asks for the preview of a read, which has none' },
        verdict.rules,
      );
    case 'escalate':
      return escalate(of, action, contract, verdict);
    default:
      return verdict satisfies never;
  }
}

/** The rules allow it, but records changed under it time and again: whoever may approve any of this tool's values decides. */
function insisted(of: Case, action: ActionBase, contract: ToolContract, rules: RuleResult[]): Decided {
  const roles = [...new Set(Object.values(contract.permissions.approvals ?? {}).flatMap(({ roles }) => roles))];
  if (roles.length > 0) return escalate(of, action, contract, { rules, roles, approvals: 1 });
  const detail = `${action.insist}; and nobody is named who could decide on ${contract.name}`;
  return deny(of, action, { code: 'STALE_CONTEXT', detail, nextStep: HAND_OVER, final: true }, rules);
}

const HAND_OVER = 'Stop: tell the user that the record keeps changing, so that a person has to do it.';

export function deny(of: Case, action: Denied, because: Denial, rules: RuleResult[] = []): Decided {
  return { action: { tag: 'ended', outcome: 'denied' }, event: deniedDraft(of, action, rules, because) };
}

export const contractNamed = ({ workflow }: LoadedWorkflow, tool: string): ToolContract | undefined =>
  workflow.tools.find(({ name }) => name === tool);
export const contractOf = ({ loaded }: Case, tool: string) => contractNamed(loaded, tool);

/** Authority is what the user, the workflow and the tool all allow. */
export function roleDenial({ intent, loaded }: Case, { name, permissions }: ToolContract): Denial | undefined {
  const { roles } = intent.actor;
  const needed = (of: string, by: readonly string[]): Denial | undefined =>
    roles.some((role) => by.includes(role))
      ? undefined
      : { code: 'PERMISSION_DENIED', detail: `${of} needs one of the roles ${by.join(', ')}` };
  return needed(loaded.workflow.name, loaded.workflow.roles) ?? needed(name, permissions.roles);
}

function ruleVerdict({ intent, loaded, now }: Case, action: ActionBase, contract: ToolContract): Verdict {
  return evaluate(loaded.workflow.rules, {
    workflow: intent.workflow,
    tool: { name: contract.name, effect: contract.effect },
    permissions: contract.permissions,
    actor: intent.actor,
    arguments: action.arguments,
    dryRun: action.dryRun,
    preview: action.preview,
    provenance: provenanceOf(action.arguments, intent),
    history: {},
    now,
  });
}

/** `people`: whose roles are to be looked up with the preview. */
function grant(of: Case, action: ActionBase, what: Grant, rules: RuleResult[], people: string[] = []): Decided {
  const { intent } = of;
  const facts: JsonObject =
    intent.kind === 'intent' ? { provenance: provenanceOf(action.arguments, intent) as unknown as JsonObject } : {};
  // People decided on the preview and its basis; whoever insists on one does so because records do not stand still.
  const rests = what === 'read' || action.approvers.length > 0 || action.insist !== undefined;
  const context = rests ? [] : restsOn(action.arguments, intent);
  if (restsOnTooMuch(context))
    return deny(of, action, { code: 'INVALID_ARGUMENTS', detail: `it rests on ${context.length} records` }, rules);
  const event = approvedDraft(of, action, what, { rules, facts, context, people });
  const { reserved, ...rest } = action;
  const kept = what === 'commit' && reserved ? { ...rest, reserved } : rest;
  const granted = { ...kept, tag: 'granted' as const, grant: what, jti: event.data.jti, warrants: action.warrants + 1 };
  return { action: people.length > 0 ? { ...granted, lookingAgain: true } : granted, event };
}

/** People decide on a computed effect: first the preview, then the question. A dry run has no effect to ask about. */
function escalate(
  of: Case,
  { reserved, ...action }: ActionBase,
  contract: ToolContract,
  verdict: Pick<Extract<Verdict, { tag: 'escalate' }>, 'rules' | 'roles' | 'approvals'>,
): Decided {
  const isRead = contract.effect === 'read';
  if (!isRead && (action.dryRun || !action.preview)) return grant(of, action, 'preview', verdict.rules);
  const approved = action.approvers.filter(({ roles }) => roles.some((role) => verdict.roles.includes(role)));
  if (approved.length >= verdict.approvals) {
    if (isRead) return grant(of, action, 'read', verdict.rules);
    if (isFresh(of, action)) return grant(of, reserved ? { ...action, reserved } : action, 'commit', verdict.rules);
    const people = [...new Set([of.intent.actor.sub, ...approved.map(({ sub }) => sub)])];
    return grant(of, action, 'preview', verdict.rules, people);
  }
  const { tenant, actor, workflow } = of.intent;
  const actionHash = actionHashOf({ ...action, tenant, actor, workflow, policyVersion: of.loaded.policyVersion });
  if (action.asked.includes(actionHash)) {
    // The effect went away and came back, or the rules changed: the item of this hash is closed, so nobody could answer.
    return deny(
      of,
      action,
      { code: 'PREVIEW_CHANGED', detail: 'people were asked about this very effect before' },
      verdict.rules,
    );
  }
  const escalation: Escalation = {
    actionHash,
    approvalId: deriveId('apr', action.actionId, action.revision, actionHash),
    roles: verdict.roles,
    needed: verdict.approvals,
    expiresAt: new Date(of.now.getTime() + of.loaded.workflow.approval.expiresInMs).toISOString(),
  };
  const provenance = provenanceOf(action.arguments, of.intent);
  const event = escalatedDraft(of, action, verdict.rules, { escalation, contract, provenance });
  return { action: { ...action, tag: 'escalated', asked: [...action.asked, actionHash], escalation }, event };
}

/** Whether effect and roles were looked at so lately that a commit may rest on them. */
const isFresh = ({ now, freshAfterMs }: Case, { seenAt }: ActionBase) =>
  seenAt !== undefined && now.getTime() - Date.parse(seenAt) <= freshAfterMs;

/** The same question once more, on the same item: what was answered does not count. */
export function askAgain(of: Case, action: Extract<OpenAction, { tag: 'escalated' }>, because: string): Decided {
  const contract = contractOf(of, action.tool);
  if (!contract || contract.version !== action.toolVersion) return judge(of, action);
  const answered = [...(action.escalation.answered ?? []), of.causationid];
  const escalation = { ...action.escalation, answered };
  const { rules } = ruleVerdict(of, action, contract);
  const provenance = provenanceOf(action.arguments, of.intent);
  const event = escalatedDraft(of, action, rules, { escalation, contract, provenance, because });
  return { action: { ...action, escalation }, event };
}
