import type { KillRow } from '@countersign/control';
import { HttpProblem } from '@countersign/host';
import type { Refused } from './answer.js';
import { unfit } from './bodies.js';
import type { Claim, Progress } from './state.js';
import type { NotTaken } from './verdict.js';

export const notFound = (id: string) =>
  new HttpProblem('NOT_FOUND', `there is no approval ${id.slice(0, 100)} that you may see`);

/** How a refusal is answered; a stale one with more, where what stands now is known. */
export function problemOf(refused: Refused, id: string): HttpProblem {
  switch (refused.tag) {
    case 'not-found':
      return notFound(id);
    case 'self':
      return new HttpProblem('SELF_APPROVAL', refused.because);
    case 'role':
      return new HttpProblem('PERMISSION_DENIED', `deciding this needs one of the roles ${refused.needed.join(', ')}`);
    case 'stale':
      return staleProblem(refused.current);
    case 'ended':
      return endedProblem(refused.progress);
    case 'killed':
      return killedProblem(refused.by);
    case 'claimed':
      return claimedProblem(refused.claim);
    case 'said-before':
      return new HttpProblem('INTENT_ENDED', 'you have decided this already', {
        nextStep: 'Nothing is left for you: it waits for another person.',
      });
    case 'unknown-tool':
      return new HttpProblem('UNKNOWN_TOOL', `${refused.tool} is not loaded, so nobody can say what would fit`, {
        nextStep: 'Reject it, or load the workflow that has the tool.',
      });
    case 'unfit':
      return unfit(refused.fields);
    default:
      return refused satisfies never;
  }
}

export const noDoubt = (actionId: string) =>
  new HttpProblem('NOT_FOUND', `there is no action ${actionId.slice(0, 100)} in doubt that you may see`);

/** How a verdict that is not taken is answered. */
export function doubtProblemOf(refused: NotTaken, actionId: string): HttpProblem {
  switch (refused.tag) {
    case 'not-found':
      return noDoubt(actionId);
    case 'self':
      return new HttpProblem('SELF_APPROVAL', refused.because);
    case 'role':
      return notTheirs(refused.needed);
    case 'said': {
      const { by, outcome, at } = refused.verdict;
      return new HttpProblem('INTENT_ENDED', `${by} said at ${at} that it ${outcome}; policy is looking at that`, {
        nextStep: 'Wait for it: GET /v1/actions/{id} tells what became of it.',
      });
    }
    case 'resolved': {
      const { at, outcome, by } = refused.progress;
      const how = by === 'person' ? 'a person' : 'a look-up';
      return new HttpProblem('INTENT_ENDED', `${how} found out at ${at} that it ${outcome}`, {
        resolved: { at, outcome, by },
        nextStep: 'Nothing is left to do: its explanation says what is known of it.',
      });
    }
    default:
      return refused satisfies never;
  }
}

const notTheirs = (needed: string[]) =>
  needed.length > 0
    ? new HttpProblem('PERMISSION_DENIED', `saying so needs one of the roles ${needed.join(', ')}`)
    : new HttpProblem('PERMISSION_DENIED', 'nobody is named who could say so', {
        nextStep: 'Name roles among the approvals of a tool of its workflow, and load it anew.',
      });

export function staleProblem(current: string | undefined, more: Record<string, unknown> = {}): HttpProblem {
  if (current === undefined)
    return new HttpProblem('APPROVAL_STALE', 'somebody has changed it, and what that would do is being computed', {
      nextStep: 'List the queue: the changed action is there in a moment.',
    });
  const detail = 'what you decided on is no longer what would be done';
  return new HttpProblem('APPROVAL_STALE', detail, { currentApprovalId: current, ...more });
}

/** 410 whatever ended it. An item past its time that is not marked yet is expired all the same. */
function endedProblem(progress: Progress): HttpProblem {
  if (progress.tag === 'open' || progress.tag === 'expired')
    return new HttpProblem('APPROVAL_EXPIRED', 'nobody decided it in time');
  return new HttpProblem('INTENT_ENDED', `it is ${progress.tag} since ${progress.at}`, {
    progress: progress.tag,
    nextStep: 'Read the item: somebody has decided it already.',
  });
}

function killedProblem({ scope, by, reason, at }: KillRow): HttpProblem {
  const who = by ? ` by ${by}` : '';
  const why = reason ? `: ${reason}` : '';
  return new HttpProblem('KILLED', `${scope} is stopped${who} since ${at}${why}`, {
    killed: { scope, since: at, ...(by ? { by } : {}), ...(reason ? { reason } : {}) },
    nextStep: 'Wait until an SRE re-arms this scope; its time stands still. You may reject it.',
  });
}

/** Somebody else's until then: what one would decide on is not free, so 409. */
const claimedProblem = (claim: Claim) =>
  new HttpProblem('APPROVAL_STALE', `${claim.by} has claimed it until ${claim.until}`, {
    claim,
    nextStep: `Leave it to ${claim.by}, or come back when the claim has ended.`,
  });
