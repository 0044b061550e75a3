import { historyOf } from './counted.js';
import { escalatedDraft, type Case } from './drafts.js';
import { killDenial, targetOf } from './gates.js';
import { contractOf, deny, fitting, judge, look, provenanceFor, type Decided } from './judge.js';
import { MAX_ANSWERED, type ActionBase, type EscalatedAction } from './state.js';

/** The same question once more, on the same item: what was answered does not count. Denied if the tool takes no such call any more. */
export function askAgain(of: Case, action: EscalatedAction, because: string): Decided {
  const contract = contractOf(of, action.tool);
  const fits =
    contract?.version === action.toolVersion || (contract && 'arguments' in fitting(of, contract, action.arguments));
  if (!contract || !fits) return judgedAnew(of, action);
  const { escalation } = answeredBy(action, of.causationid);
  const { looked } = look(of, action, contract, historyOf(of, contract, action));
  const provenance = provenanceFor(of, action);
  const event = escalatedDraft(of, action, looked, { escalation, contract, provenance, because });
  return { action: { ...action, escalation }, event };
}

/** A word is heard once: delivered again after people were asked again, it says nothing of what they are asked then. */
export function answeredBy(action: EscalatedAction, id: string): EscalatedAction {
  const before = action.escalation.answered ?? [];
  const answered = before.includes(id) ? before : [...before, id].slice(-MAX_ANSWERED);
  return { ...action, escalation: { ...action.escalation, answered } };
}

/** Whether tool or rules have changed since people were asked: then nobody's word on it counts. */
export const isOutdated = (of: Case, { tool, toolVersion, escalation }: EscalatedAction): boolean =>
  escalation.policyVersion !== of.loaded.policyVersion || contractOf(of, tool)?.version !== toolVersion;

/** The same call under the tool and the rules there are now: with a fresh effect, and as an item of its own. */
export function judgedAnew(of: Case, action: EscalatedAction): Decided {
  const contract = contractOf(of, action.tool);
  if (!contract) return judge(of, action);
  const fit = fitting(of, contract, action.arguments);
  if ('code' in fit) return deny(of, action, fit);
  return judgeChanged(of, action, { toolVersion: contract.version, arguments: fit.arguments });
}

/**
 * Decides on what a question has become. What was computed and said of it before is void, and people decide in any case: those who
 * were asked before, at the least.
 */
export function judgeChanged(
  of: Case,
  action: EscalatedAction,
  change: Partial<Pick<ActionBase, 'toolVersion' | 'arguments' | 'revision' | 'edits' | 'asked'>>,
  countedAs: ActionBase = action,
): Decided {
  const { preview: _, recordsRead: __, seenAt: ___, escalation, ...bare } = action;
  const { roles, needed } = escalation;
  return judge(of, { ...bare, ...change, approvers: [], atLeast: { roles, needed } }, countedAs);
}

/** When an answer is too late; undefined while a switch is on, for then its time stands still. */
export const lateFrom = (of: Case, { tool, escalation }: EscalatedAction): Date | undefined =>
  of.control.expiresAt(escalation.openedAt, escalation.expiresAt, targetOf(of, tool));

/** Why no yes counts now; undefined while no switch is on. */
export function notNow(of: Case, tool: string): string | undefined {
  const killed = killDenial(of, tool);
  return killed && `${killed.code}: ${killed.detail}; decide once it is re-armed, the time until then is not counted`;
}
