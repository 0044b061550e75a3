import { approvalsOf, ofType, type Stored, type Story } from './story.js';

/** Whose verdict policy took; the token behind it is not stored, so the roles are as approval told them. */
export function settlementOf(story: Story) {
  const taken = ofType(story.decisions as Stored[], 'countersign.action.settled.v1')[0];
  if (!taken) return undefined;
  const heard = approvalsOf(story, 'countersign.approval.settled.v1').find(
    ({ event }) => event.id === taken.event.causationid,
  );
  return {
    ...taken.event.data,
    roles: heard?.event.data.approver.roles ?? [],
    at: heard?.at ?? taken.at,
    from: [heard, taken].filter((stored) => stored !== undefined) as Stored[],
  };
}
