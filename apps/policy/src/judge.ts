import { Decimal } from 'decimal.js';
import {
  deriveId,
  digest,
  type EventDraft,
  type Grant,
  type JsonObject,
  type RuleResult,
} from '@countersign/contracts';
import { evaluate, type Verdict } from '@countersign/policy-kit';
import { parseInput, type ToolContract } from '@countersign/tool-sdk';
import { approvedDraft, deniedDraft, escalatedDraft, type Case, type Denial, type Denied } from './drafts.js';
import { provenanceOf } from './provenance.js';
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
  const bounded = roleDenial(of, contract) ?? limitDenial(of, contract, action.arguments);
  if (bounded) return deny(of, action, bounded);
  const verdict = ruleVerdict(of, action, contract);
  switch (verdict.tag) {
    case 'deny':
      return deny(of, action, verdict, verdict.rules);
    case 'approve':
      return grant(
        of,
        action,
        contract.effect === 'read' ? 'read' : action.dryRun ? 'preview' : 'commit',
        verdict.rules,
      );
    case 'needs-preview':
      if (contract.effect !== 'read') return grant(of, action, 'preview', verdict.rules);
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

export function deny(of: Case, action: Denied, because: Denial, rules: RuleResult[] = []): Decided {
  return { action: { tag: 'ended', outcome: 'denied' }, event: deniedDraft(of, action, rules, because) };
}

export const contractOf = ({ loaded }: Case, tool: string): ToolContract | undefined =>
  loaded.workflow.tools.find(({ name }) => name === tool);

/** Authority is what the user, the workflow and the tool all allow. */
function roleDenial({ intent }: Case, { name, permissions }: ToolContract): Denial | undefined {
  const { roles } = intent.actor;
  if (roles.some((role) => permissions.roles.includes(role))) return undefined;
  return { code: 'PERMISSION_DENIED', detail: `${name} needs one of the roles ${permissions.roles.join(', ')}` };
}

const MONEY = /^-?\d{1,15}(\.\d{1,4})?$/;

function limitDenial(of: Case, contract: ToolContract, args: JsonObject): Denial | undefined {
  if (!contract.blast) return undefined;
  try {
    return overLimit(of, contract.blast(args));
  } catch (error) {
    const why = error instanceof Error ? error.name : 'unknown';
    return { code: 'LIMIT_EXCEEDED', detail: `what it could touch cannot be computed (${why}); unsure is never yes` };
  }
}

type Blast = ReturnType<NonNullable<ToolContract['blast']>>;

function overLimit({ loaded }: Case, { amount, records }: Blast): Denial | undefined {
  const { amountPerAction, recordsPerAction } = loaded.workflow.limits;
  const over = (detail: string): Denial => ({ code: 'LIMIT_EXCEEDED', detail });
  if (records > recordsPerAction) return over(`${records} records; at most ${recordsPerAction} an action`);
  if (!amount) return undefined;
  if (!MONEY.test(amount.amount)) return { code: 'INVALID_ARGUMENTS', detail: 'the amount is not a decimal number' };
  const limit = Object.hasOwn(amountPerAction, amount.currency) ? amountPerAction[amount.currency] : undefined;
  if (limit === undefined) return over(`no amount of ${amount.currency.slice(0, 10)} is allowed`);
  if (new Decimal(amount.amount).abs().lessThanOrEqualTo(limit)) return undefined;
  return over(`${amount.amount} ${amount.currency}; at most ${limit} an action`);
}

function ruleVerdict({ intent, loaded, now }: Case, action: ActionBase, contract: ToolContract): Verdict {
  return evaluate(loaded.workflow.rules, {
    workflow: intent.workflow,
    tool: { name: contract.name, effect: contract.effect },
    actor: intent.actor,
    arguments: action.arguments,
    dryRun: action.dryRun,
    preview: action.preview,
    provenance: provenanceOf(action.arguments, intent),
    now,
  });
}

function grant(of: Case, action: ActionBase, what: Grant, rules: RuleResult[]): Decided {
  const facts: JsonObject =
    of.intent.kind === 'intent'
      ? { provenance: provenanceOf(action.arguments, of.intent) as unknown as JsonObject }
      : {};
  const event = approvedDraft(of, action, what, rules, facts);
  return {
    action: { ...action, tag: 'granted', grant: what, jti: event.data.jti, warrants: action.warrants + 1 },
    event,
  };
}

/** People decide on a computed effect: first the preview, then the question. A dry run has no effect to ask about. */
function escalate(
  of: Case,
  action: ActionBase,
  contract: ToolContract,
  verdict: Extract<Verdict, { tag: 'escalate' }>,
): Decided {
  const isRead = contract.effect === 'read';
  if (!isRead && (action.dryRun || !action.preview)) return grant(of, action, 'preview', verdict.rules);
  const approved = action.approvers.filter(({ roles }) => roles.some((role) => verdict.roles.includes(role)));
  if (approved.length >= verdict.approvals) return grant(of, action, isRead ? 'read' : 'commit', verdict.rules);
  const actionHash = actionHashOf(of, action);
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

/** What a person's yes binds to. */
function actionHashOf({ intent }: Case, action: ActionBase): string {
  const { actionId, revision, tool, toolVersion, preview } = action;
  return digest({
    ...{ tenant: intent.tenant, actor: intent.actor.sub, workflow: intent.workflow, tool, toolVersion },
    ...{ arguments: action.arguments, actionId, revision, preview: preview?.digest ?? null },
  });
}
