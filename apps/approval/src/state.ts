import { approvalIdOf as idOf, type Code, type EventData, type Person } from '@countersign/contracts';

export type Escalated = EventData<'countersign.action.escalated.v1'>;

/** What a person said of an item. Policy verifies it anew; until it countersigns, this is a click and no more. */
export interface PersonsDecision {
  decision: 'approve' | 'reject';
  approver: { sub: string; roles: string[] };
  reason: string;
  at: string;
}

/**
 * open → decided (as many people as are needed clicked) → approved | denied (policy countersigned), or open again (policy could not
 * take it). An item nobody decided expires; one whose action was escalated anew with another effect is superseded.
 */
export type Progress =
  | { tag: 'open' }
  | { tag: 'decided'; at: string }
  | { tag: 'approved'; at: string }
  | { tag: 'denied'; at: string; code: Code; detail: string }
  /** `confirmed`: policy has denied the action for it. Until then the expiry is announced again. */
  | { tag: 'expired'; at: string; confirmed?: true }
  | { tag: 'superseded'; at: string; by: string };
export const STATUSES = ['open', 'decided', 'approved', 'denied', 'expired', 'superseded'] as const;
export type Status = Progress['tag'];

/** One escalated action as people see it. `escalated` is what policy signed, whole: what is shown is what was hashed. */
export interface Item {
  approvalId: string;
  openedAt: string;
  escalated: Escalated;
  /** The intent's attributes, carried on by everything that comes of the item. */
  envelope: { tenantid: string; actorid: string; session: string; correlationid: string };
  openedEventId: string;
  traceparent?: string;
  /** All that people said; those since `round` count. */
  decisions: PersonsDecision[];
  /** How many of the decisions were given before the item was opened again. */
  round: number;
  /** Why policy could not take what was decided before. */
  reopened?: { at: string; because: string };
  /** How often the expiry was announced. */
  expiries: number;
  progress: Progress;
}

/** Which item of an action is the current one. */
export interface ActionPointer {
  current: string;
}

/** Between two announcements of an expiry that policy has not answered: doubled each time, up to the longest. */
export const EXPIRY_AGAIN_MS = 5_000;
export const EXPIRY_AGAIN_AT_MOST_MS = 600_000;

export const approvalKey = (approvalId: string) => `approval/${approvalId}`;
export const actionKey = (actionId: string) => `action/${actionId}`;
/** Work ids are unique for ever, so each announcement has its own. */
export const expiryWorkId = (approvalId: string, expiries: number) => `expire/${approvalId}/${expiries}`;

export const approvalIdOf = (of: { actionId: string; revision: number; actionHash: string }) =>
  idOf(of.actionId, of.revision, of.actionHash);

/** Whether a person may still decide it. */
export const isDecidable = (item: Item, now: Date): boolean =>
  item.progress.tag === 'open' && now.getTime() < Date.parse(item.escalated.expiresAt);

export const mayDecide = (item: Item, person: Pick<Person, 'roles'>) =>
  item.escalated.approverRoles.some((role) => person.roles.includes(role));
