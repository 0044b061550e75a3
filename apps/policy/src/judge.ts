import {
  actionHashOf,
  approvalIdOf,
  type EventDraft,
  type Grant,
  type JsonObject,
  type Stage,
} from '@countersign/contracts';
import { evaluate, type RuleFacts, type Verdict } from '@countersign/policy-kit';
import { parseInput, type ToolContract } from '@countersign/tool-sdk';
import { roleDenialOf, takesOf, type LoadedWorkflow } from '@countersign/workflow-kit';
import {
  approvedDraft,
  deniedDraft,
  escalatedDraft,
  type Case,
  type Denial,
  type Denied,
  type Looked,
} from './drafts.js';
import { gatesOf, killDenial, onlyDrafted, releaseDenial, stageDenial } from './gates.js';
import { bookedOn, historyOf } from './counted.js';
import { overShared } from './limits.js';
import { provenanceOf, provenanceOfEdited, restsOn, restsOnTooMuch, unknownTokens } from './provenance.js';
import type { Action, ActionBase, Booked, Escalation, Needed } from './state.js';

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
  const fit = fitting(of, contract, ask.arguments);
  if ('code' in fit) return deny(of, bare, fit);
  const fresh = { dryRun: ask.dryRun, warrants: 0, returns: 0, asked: [], approvers: [] };
  return judge(of, { ...bare, arguments: fit.arguments, ...fresh });
}

/** The arguments as the tool takes them, or why it does not. */
export function fitting(of: Case, contract: ToolContract, args: JsonObject): { arguments: JsonObject } | Denial {
  const input = parseInput(contract, args);
  if (!input.ok) {
    const fields = input.problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    return { code: 'INVALID_ARGUMENTS', detail: fields };
  }
  const unknown = unknownTokens(args, of.intent);
  if (unknown.length === 0) return { arguments: input.value as JsonObject };
  const detail = `${unknown.slice(0, 5).join(', ')}: not a value this session has read`;
  return { code: 'INVALID_ARGUMENTS', detail, nextStep: NOT_READ };
}

/**
 * Decides with what is known now: the preview once there is one, the people who said yes. `countedAs`: as what it is counted so far,
 * where that is not as what it is decided on.
 */
export function judge(of: Case, action: ActionBase, countedAs: ActionBase = action): Decided {
  const contract = contractOf(of, action.tool);
  if (!contract || contract.version !== action.toolVersion) {
    return deny(of, action, {
      code: 'UNKNOWN_TOOL',
      detail: `${of.intent.workflow} has no tool ${action.tool} ${action.toolVersion} any more`,
    });
  }
  const stopped =
    killDenial(of, action.tool) ?? releaseDenial(of, contract, action) ?? stageDenial(of, contract, action);
  if (stopped) return deny(of, action, stopped, { rules: [], facts: { ...gatesOf(of), now: of.now.toISOString() } });
  const takes = takesOf(of.loaded.workflow, contract, action.arguments);
  const denial = roleDenial(of, contract) ?? ('takes' in takes ? undefined : takes);
  if (denial) return deny(of, action, denial);
  const booked = action.booked ?? bookedOn(of.intent, of.loaded, contract, action);
  const reserving = 'takes' in takes && isUncounted(action, booked) ? takes.takes : undefined;
  const exhausted = reserving && overShared(of, contract, booked, reserving);
  if (exhausted) return deny(of, action, exhausted);
  const history = historyOf(of, contract, action, countedAs);
  return judged(of, { ...action, booked, ...(reserving ? { reserved: reserving } : {}) }, contract, history);
}

/** It takes something of what it is booked on, and has not yet. */
const isUncounted = ({ reserved }: ActionBase, { history, limits }: Booked) =>
  !reserved && history.length + limits.length > 0;

/** By the rules, and by people where they say so. What is reserved counts only if a commit is granted. */
function judged(of: Case, action: ActionBase, contract: ToolContract, history: RuleFacts['history']): Decided {
  const { verdict, looked } = look(of, action, contract, history);
  const isRead = contract.effect === 'read';
  if (verdict.tag === 'deny') return deny(of, action, verdict, looked);
  if (verdict.tag === 'needs-preview') {
    if (!isRead) return grant(of, action, 'preview', looked);
    const detail = 'a rule asks for the preview of a read, which has none';
    return deny(of, action, { code: 'PERMISSION_DENIED', detail }, looked);
  }
  if (onlyDrafted(of, contract, action)) return grant(of, action, 'draft', looked);
  const people = peopleNeeded(action, contract, verdict);
  if (people === undefined) return grant(of, action, isRead ? 'read' : action.dryRun ? 'preview' : 'commit', looked);
  if ('code' in people) return deny(of, action, people, looked);
  return escalate(of, action, contract, people, looked);
}

type Decisive = Extract<Verdict, { tag: 'approve' | 'escalate' }>;

/** Who has to decide: as the rules say, or because records changed under it, and whoever was asked about it before at the least. */
function peopleNeeded(action: ActionBase, contract: ToolContract, verdict: Decisive): Needed | Denial | undefined {
  const { insist, atLeast } = action;
  const asked: Needed | Denial | undefined =
    verdict.tag === 'escalate'
      ? { roles: verdict.roles, needed: verdict.approvals }
      : insist === undefined
        ? undefined
        : insisted(insist, contract);
  if (!asked || !atLeast || 'code' in asked) return asked ?? atLeast;
  const roles = asked.roles.filter((role) => atLeast.roles.includes(role));
  if (roles.length > 0) return { roles, needed: Math.max(asked.needed, atLeast.needed) };
  const detail = `it needs one of ${asked.roles.join(', ')}, and before it was changed one of ${atLeast.roles.join(', ')}`;
  return { code: 'PERMISSION_DENIED', detail };
}

/** The rules allow it, but records changed under it time and again: whoever may approve any of this tool's values decides. */
function insisted(insist: string, { name, permissions }: ToolContract): Needed | Denial {
  const roles = [...new Set(Object.values(permissions.approvals ?? {}).flatMap(({ roles }) => roles))];
  if (roles.length > 0) return { roles, needed: 1 };
  const detail = `${insist}; and nobody is named who could decide on ${name}`;
  return { code: 'STALE_CONTEXT', detail, nextStep: HAND_OVER, final: true };
}

const HAND_OVER = 'Stop: tell the user that the record keeps changing, so that a person has to do it.';

export function deny(of: Case, action: Denied, because: Denial, looked: Looked = { rules: [] }): Decided {
  return { action: { tag: 'ended', outcome: 'denied' }, event: deniedDraft(of, action, looked, because) };
}

export const contractNamed = ({ workflow }: LoadedWorkflow, tool: string): ToolContract | undefined =>
  workflow.tools.find(({ name }) => name === tool);
export const contractOf = ({ loaded }: Case, tool: string) => contractNamed(loaded, tool);

/** Authority is what the user, the workflow and the tool all allow. */
export const roleDenial = ({ intent, loaded }: Case, contract: ToolContract): Denial | undefined =>
  roleDenialOf(loaded.workflow, contract, intent.actor.roles);

/** What the rules say, with all that they looked at beside the action itself. */
export function look(
  of: Case,
  action: ActionBase,
  contract: ToolContract,
  history: RuleFacts['history'],
): { verdict: Verdict; looked: Looked } {
  const { intent, loaded, now } = of;
  const { stage, switches } = gatesOf(of);
  const isOutside = loaded.workflow.agent === 'outside';
  const proposedBy = intent.kind === 'action' && !isOutside ? 'caller' : 'model';
  const provenance = provenanceFor(of, action);
  const heard = isOutside ? { heardStrangers: hasHeard(intent) } : {};
  const given = { proposedBy, provenance, ...heard, history } satisfies Partial<RuleFacts>;
  const verdict = evaluate(loaded.workflow.rules, {
    workflow: intent.workflow,
    tool: { name: contract.name, effect: contract.effect },
    permissions: contract.permissions,
    ...(contract.decides ? { decides: contract.decides } : {}),
    ...(contract.freeNames ? { freeNames: contract.freeNames } : {}),
    actor: intent.actor,
    arguments: action.arguments,
    dryRun: action.dryRun,
    preview: action.preview,
    ...{ ...given, stage: stage as Stage, switches, now },
  });
  const facts = { ...given, stage, switches, now: now.toISOString() } as unknown as JsonObject;
  return { verdict, looked: { rules: verdict.rules, facts } };
}

/** Of a session that is not remembered, as a planner's, which is told earlier replies, nobody knows. */
const hasHeard = ({ strangers, strangersCut, mayHaveHeard }: Case['intent']) =>
  strangers !== undefined || strangersCut === true || mayHaveHeard === true;

export const provenanceFor = ({ intent }: Case, { arguments: args, edits }: ActionBase) =>
  edits ? provenanceOfEdited(args, edits[0]!.arguments, intent) : provenanceOf(args, intent);

/** `people`: whose roles are to be looked up with the preview. */
function grant(of: Case, action: ActionBase, what: Grant, looked: Looked, people: string[] = []): Decided {
  // People decide on the preview and its basis: they did, or will in any case, on a fresh one, since records do not stand still.
  const { approvers, insist, atLeast } = action;
  const byPeople = approvers.length > 0 || insist !== undefined || atLeast !== undefined;
  const context = what === 'read' || byPeople ? [] : restsOn(action.arguments, of.intent);
  if (restsOnTooMuch(context))
    return deny(of, action, { code: 'INVALID_ARGUMENTS', detail: `it rests on ${context.length} records` }, looked);
  const event = approvedDraft(of, action, what, looked, { context, people });
  const { reserved, ...rest } = action;
  const kept = (what === 'commit' || what === 'read') && reserved ? { ...rest, reserved } : rest;
  const granted = { ...kept, tag: 'granted' as const, grant: what, jti: event.data.jti, warrants: action.warrants + 1 };
  return { action: people.length > 0 ? { ...granted, lookingAgain: true } : granted, event };
}

/** People decide on a computed effect: first the preview, then the question. A dry run has no effect to ask about. */
function escalate(of: Case, action: ActionBase, contract: ToolContract, people: Needed, looked: Looked): Decided {
  const isRead = contract.effect === 'read';
  if (!isRead && (action.dryRun || !action.preview)) return grant(of, action, 'preview', looked);
  const { tenant, actor, workflow } = of.intent;
  const actionHash = actionHashOf({ ...action, tenant, actor, workflow, policyVersion: of.loaded.policyVersion });
  const approved = approvalsOf(action, actionHash, people);
  if (approved.length >= people.needed) {
    if (isRead) return grant(of, action, 'read', looked);
    if (isFresh(of, action)) return grant(of, action, 'commit', looked);
    return grant(of, action, 'preview', looked, [...new Set([actor.sub, ...approved.map(({ sub }) => sub)])]);
  }
  if (action.asked.includes(actionHash)) {
    // The effect went away and came back, or the rules did: the item of this hash is closed, so nobody could answer.
    const detail = 'people were asked about this very effect before';
    return deny(of, action, { code: 'PREVIEW_CHANGED', detail }, looked);
  }
  const escalation = escalationOf(of, action, actionHash, people);
  const provenance = provenanceFor(of, action);
  const event = escalatedDraft(of, action, looked, { escalation, contract, provenance });
  const { reserved: _, ...open } = action;
  // Whatever was said was said of another hash.
  const said = { approvers: [], asked: [...action.asked, actionHash] };
  return { action: { ...open, ...said, tag: 'escalated', escalation }, event };
}

/** Whose yes counts: it was said of this very hash, and the role still suffices. */
const approvalsOf = ({ escalation, approvers }: ActionBase, actionHash: string, { roles: needed }: Needed) =>
  escalation?.actionHash === actionHash
    ? approvers.filter(({ roles }) => roles.some((role) => needed.includes(role)))
    : [];

function escalationOf({ loaded, now }: Case, action: ActionBase, actionHash: string, people: Needed): Escalation {
  const expiresAt = new Date(now.getTime() + loaded.workflow.approval.expiresInMs).toISOString();
  return {
    ...{ actionHash, approvalId: approvalIdOf(action.actionId, action.revision, actionHash), ...people },
    ...{ policyVersion: loaded.policyVersion, openedAt: now.toISOString(), expiresAt },
  };
}

/** Whether effect and roles were looked at so lately that a commit may rest on them. */
const isFresh = ({ now, freshAfterMs }: Case, { seenAt }: ActionBase) =>
  seenAt !== undefined && now.getTime() - Date.parse(seenAt) <= freshAfterMs;
