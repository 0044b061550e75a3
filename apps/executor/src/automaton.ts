import { cut, refusal } from '@countersign/contracts';
import type { EffectClass } from '@countersign/tool-sdk';
import type { Committed, Ending, Refused } from './state.js';

/**
 * What becomes of a commit once it was marked SENT. It guarantees:
 * 1. Only proof that nothing was done puts it back to QUEUED: the target's own word on a first send, or a look-up by key
 *    that finds nothing after the last send's limit.
 * 2. A refusal is definite on a first send only. On a later one an earlier send may have acted, so the target is looked up.
 * 3. It is sent again only under the same key to a target that keeps keys, with the same content, and never once expired or
 *    killed, nor towards the end of the time for which the target remembers the key: from then on that it does not know the key
 *    proves nothing either.
 * 4. What nobody can tell ends in doubt, not in a guess; what can be asked for is asked for a while first.
 * Waits are a table and stand with the row, as its `not_before`: they outlive the process, and any instance goes on with them.
 */
export interface Circumstances {
  effectClass: EffectClass;
  canLookUp: boolean;
  /** It rests on versions, which a later send would have to read anew. */
  conditional: boolean;
  /** The versions its first send rested on, or earlier ones, are at hand: sent again on them it acts once at most. */
  basisKnown: boolean;
  expired: boolean;
  /** A switch of its scope is on, or was since it was decided on. */
  killed: boolean;
  /** Its target still remembers the key of its first send (`keysKept`). */
  keysKept: boolean;
  /** It was first sent so lately that nobody is called yet. */
  patient: boolean;
  attempts: number;
}

/** A target's clock and ours, the way there and a slow look-up fit into it many times. */
export const KEY_MARGIN_MS = 60_000;
export const keysKept = (sentForMs: number, keyLifetimeMs: number | undefined): boolean =>
  keyLifetimeMs === undefined || sentForMs < keyLifetimeMs - KEY_MARGIN_MS;

/** What a send brought to light. */
export type Answer =
  | { tag: 'done'; committed: Committed }
  | { tag: 'refused'; refusal: Refused }
  /** `unbegun`: nothing of this very send left this process; `unsent`: since its moment had passed. */
  | { tag: 'nothing-done'; detail: string; unbegun?: true; unsent?: true }
  | { tag: 'unknown'; detail: string };

/** What a look-up brought to light. */
export type Found = { tag: 'done'; committed: Committed } | { tag: 'nothing' } | { tag: 'unknown'; detail: string };

export type Step =
  | { tag: 'end'; ending: Ending }
  | { tag: 'again'; as: 'QUEUED' | 'SENT'; inMs: number; because: string }
  | { tag: 'look-up'; refused?: Refused };

/** Waits between attempts, in ms. What changes nothing is tried so often. */
const WAITS = [200, 400, 800, 1600, 3200, 5000, 5000, 5000];
export const MAX_ATTEMPTS = WAITS.length;
export const waitAfter = (attempts: number): number => WAITS[Math.min(attempts, WAITS.length) - 1] ?? WAITS[0]!;

export const inDoubt = (known: string): Ending & { tag: 'in-doubt' } => ({
  tag: 'in-doubt',
  refusal: refusal('IN_DOUBT', 'whether the target acted is not known'),
  known: cut(known, 1000),
});
const doubted = (known: string): Step => ({ tag: 'end', ending: inDoubt(known) });
export const FORGOTTEN = 'the target does not know the key, and may have forgotten it';

/** How a row that was found SENT goes on (guarantee 3). */
export function afterRecovery(case_: Circumstances): 'send' | 'look-up' | 'doubt' {
  if (!case_.expired && !case_.killed && sendsAgain(case_)) return 'send';
  return case_.canLookUp ? 'look-up' : 'doubt';
}

const sendsAgain = ({ effectClass, conditional, basisKnown, canLookUp, keysKept, patient }: Circumstances): boolean =>
  patient && keysKept && ((effectClass === 'A' && !conditional) || (effectClass === 'B' && !canLookUp && basisKnown));

export function afterSend(answer: Answer, isFirst: boolean, case_: Circumstances): Step {
  switch (answer.tag) {
    case 'done':
      return { tag: 'end', ending: { ...answer.committed, tag: 'committed' } };
    case 'refused':
      if (isFirst) return { tag: 'end', ending: { tag: 'failed', refusal: answer.refusal, recordsRead: [] } };
      if (!case_.canLookUp) return doubted(`refused when sent again: ${answer.refusal.detail}`);
      return { tag: 'look-up', refused: answer.refusal };
    case 'nothing-done':
      if (isFirst) return { tag: 'again', as: 'QUEUED', inMs: waitAfter(case_.attempts), because: answer.detail };
      if (case_.canLookUp) return { tag: 'look-up' };
      // As if it had not been tried: an open circuit or a missed moment tells nothing of the sends before.
      if (!answer.unbegun || !sendsAgain(case_)) return doubted(answer.detail);
      return { tag: 'again', as: 'SENT', inMs: waitAfter(case_.attempts), because: answer.detail };
    case 'unknown':
      if (!case_.canLookUp && !sendsAgain(case_)) return doubted(answer.detail);
      return { tag: 'again', as: 'SENT', inMs: waitAfter(case_.attempts), because: answer.detail };
    default:
      return answer satisfies never;
  }
}

/** `limitInMs`: until then a send that is on its way may still act; 0 or less once it has passed. */
export function afterLookUp(found: Found, limitInMs: number, case_: Circumstances, refused?: Refused): Step {
  switch (found.tag) {
    case 'done':
      return { tag: 'end', ending: { ...found.committed, tag: 'committed' } };
    case 'nothing':
      return afterNothing(limitInMs, case_, refused);
    case 'unknown':
      if (!case_.patient) return doubted(found.detail);
      return { tag: 'again', as: 'SENT', inMs: waitAfter(case_.attempts), because: found.detail };
    default:
      return found satisfies never;
  }
}

function afterNothing(limitInMs: number, { attempts, expired, keysKept }: Circumstances, refused?: Refused): Step {
  if (limitInMs > 0) {
    return { tag: 'again', as: 'SENT', inMs: limitInMs, because: 'not found yet; a send may still be on its way' };
  }
  if (!keysKept) return doubted(FORGOTTEN);
  if (refused) return { tag: 'end', ending: { tag: 'failed', refusal: refused, recordsRead: [] } };
  if (expired) return { tag: 'end', ending: expiredUnsent };
  return { tag: 'again', as: 'QUEUED', inMs: waitAfter(attempts), because: 'looked up: nothing was done' };
}

/** It goes back to policy, which checks all again and may issue a new one for the same action and key. */
export const expiredUnsent: Ending = {
  tag: 'returned',
  refusal: refusal('WARRANT_EXPIRED', 'the warrant expired and nothing was done'),
  recordsRead: [],
};
