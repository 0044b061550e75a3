import { timeLeft, type Whole } from './item.js';

/** Of each thing one may do with an item, why not; nothing where nothing is in the way. The API has the last word. */
export interface WhyNot {
  approve?: string;
  edit?: string;
  reject?: string;
  claim?: string;
}
const all = (because: string): WhyNot => ({ approve: because, edit: because, reject: because, claim: because });

export function whyNot(item: Whole, me: string | undefined, now: number): WhyNot {
  if (item.status !== 'open') return all('It is no longer open.');
  if (item.requestedBy === me) return all('You asked for it: somebody else has to decide.');
  if ((timeLeft(item, now) ?? 1) <= 0) return all('Its time is up: nobody can decide it any more.');
  if (hasApproved(item, me)) return all('You have approved it. It waits for another person.');
  if (item.claim && !item.claimedByMe)
    return all(`Leave it to ${item.claim.by}, or come back when the claim has ended.`);
  if (item.paused) {
    const because = 'A kill switch holds it: until that is re-armed it can only be rejected.';
    return { approve: because, edit: because, claim: because };
  }
  const isOwn = item.edits?.history.some(({ by, narrowing }) => by === me && !narrowing);
  return isOwn
    ? { approve: 'You edited it, to more than was asked for: somebody else has to approve what you made of it.' }
    : {};
}

/** What was said before it was opened again does not count. */
export const givenApprovals = ({ decisions, reopened }: Pick<Whole, 'decisions' | 'reopened'>) =>
  decisions.filter(({ decision, at }) => decision === 'approve' && (!reopened || at > reopened.at));

const hasApproved = (item: Whole, me: string | undefined) =>
  givenApprovals(item).some(({ approver }) => approver.sub === me);

/** Whether it can be next for this person: theirs to decide, and nobody else's for now. */
export const isNextFor = (item: Whole, me: string | undefined, now: number): boolean =>
  whyNot(item, me, now).approve === undefined;
