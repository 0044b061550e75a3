import type { Json } from '@countersign/contracts';
import { isEnded, type ActionState } from './answers.js';
import type { AnyCode, CountersignError } from './errors.js';

interface Why {
  code: AnyCode;
  detail: string;
  /** One sentence that the model can act on. */
  nextStep: string;
}

/** What a model reads of a governed call, as JSON. */
export type GovernedOutcome =
  /** It was done, or computed. `result` is the tool's; `preview` what a dry run or a draft would change. */
  | { status: 'done'; actionId: string; outcome: string; result?: Json; preview?: Json }
  /** It was not done and will not be. */
  | ({ status: 'refused'; actionId?: string; retryAt?: string } & Why)
  /** A person decides: nothing was done yet. The status tool tells what became of it. */
  | ({ status: 'pending'; actionId: string; approvalId?: string; preview?: Json } & Why)
  /** It is under way, or nobody knows yet whether it was done. Not to be called again. */
  | { status: 'running'; actionId: string; nextStep: string }
  | ({ status: 'in-doubt'; actionId?: string } & Why);

/** What the model is told of an action as it stands. */
export function outcomeOf(action: ActionState, statusTool: string): GovernedOutcome {
  const { actionId, state } = action;
  const poll = `Call ${statusTool} with this actionId to see what became of it; do not call the tool again for it.`;
  if (isEnded(action)) return endOf(action);
  if (state === 'waiting') {
    const { approvalId, preview } = action;
    const seen = { ...(approvalId ? { approvalId } : {}), ...(preview ? { preview: preview.effect } : {}) };
    return {
      status: 'pending',
      actionId,
      ...seen,
      ...whyOf(action, 'NEEDS_APPROVAL'),
      nextStep: `A person decides. ${poll}`,
    };
  }
  if (state === 'in-doubt') return { status: 'in-doubt', actionId, ...whyOf(action, 'IN_DOUBT') };
  return { status: 'running', actionId, nextStep: poll };
}

const DONE: readonly string[] = ['read', 'previewed', 'drafted', 'committed'];

function endOf(action: ActionState): GovernedOutcome {
  const { actionId, outcome, resolved, result, preview, retryAt } = action;
  const known = outcome === 'resolved' ? resolved?.outcome : outcome;
  if (known !== undefined && DONE.includes(known)) {
    const shown = result === undefined && preview ? { preview: preview.effect } : {};
    return { status: 'done', actionId, outcome: known, ...(result === undefined ? {} : { result }), ...shown };
  }
  return { status: 'refused', actionId, ...whyOf(action, 'UPSTREAM_FAILED'), ...(retryAt ? { retryAt } : {}) };
}

function whyOf({ code, detail, nextStep }: ActionState, otherwise: AnyCode): Why {
  return { code: code ?? otherwise, detail: detail ?? '', nextStep: nextStep ?? 'Tell the user; do not try it again.' };
}

/** A definite no over HTTP is a refusal. Whose token it was not, and what nobody answered, is not the model's to mend: undefined. */
export function refusalOf({
  status,
  code,
  detail,
  nextStep,
  maybeTaken,
}: CountersignError): GovernedOutcome | undefined {
  if (status === 401 || maybeTaken) return undefined;
  if (status !== undefined && (status < 400 || status >= 500)) return undefined;
  if (status === undefined && code !== 'INVALID_ARGUMENTS') return undefined;
  return { status: 'refused', code, detail, nextStep };
}

/** Nobody answered whether it was taken. */
export function unansweredOf({ code, detail }: CountersignError): GovernedOutcome {
  const nextStep =
    'It may have been done: do not call the tool again for it; tell the user that its outcome is not known.';
  return { status: 'in-doubt', code, detail, nextStep };
}
