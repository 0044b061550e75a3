import {
  approvalIdOf as idOf,
  type Code,
  type ControlTarget,
  type EventData,
  type JsonObject,
  type Person,
} from '@countersign/contracts';
import type { ControlView } from '@countersign/control';

export type Escalated = EventData<'countersign.action.escalated.v1'>;

/** What a person said of an item. Policy verifies it anew; until it countersigns, this is a click and no more. */
export interface PersonsDecision {
  decision: 'approve' | 'reject' | 'edit';
  approver: { sub: string; roles: string[] };
  reason: string;
  at: string;
  /** Of an edit: all that would be done instead. */
  arguments?: JsonObject;
}

/** Somebody has taken an item, or was handed it, for a while: nobody else decides it until then. */
export interface Claim {
  by: string;
  until: string;
  delegatedBy?: string;
  reason?: string;
}

/**
 * open → decided (as many people as are needed clicked, or one changed it) → approved | denied (policy countersigned), or open again
 * (policy could not take it). An item nobody decided expires; one whose action was edited, or escalated anew with another effect or
 * by other rules, is superseded.
 */
export type Progress =
  | { tag: 'open' }
  | { tag: 'decided'; at: string }
  /** `looking`: effect and roles are looked at once more before the commit; people may be asked again. */
  | { tag: 'approved'; at: string; looking?: true }
  | { tag: 'denied'; at: string; code: Code; detail: string }
  /** `confirmed`: policy has denied the action for it. Until then the expiry is announced again. */
  | { tag: 'expired'; at: string; confirmed?: true }
  /** `by`: the item that stands now; none yet while the preview of an edit is computed. */
  | { tag: 'superseded'; at: string; by?: string };
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
  /** Ids of policy's events that opened it again. */
  askedAgain?: string[];
  claim?: Claim;
  /** Who was shown what its sealed values are. */
  viewers?: string[];
  /** How often the work that expires it came due. */
  expiries: number;
  /** How often of these a switch had stopped its time, so that nothing was announced. */
  delays?: number;
  progress: Progress;
}

/** Which item of an action is the current one. */
export interface ActionPointer {
  current: string;
}

/** What a person says became of a commit in doubt. Policy verifies it anew. */
export interface PersonsVerdict {
  eventId: string;
  by: string;
  outcome: 'committed' | 'failed';
  reason: string;
  at: string;
}

/**
 * A commit of which the executor does not know whether it was made. open → said (of a person; policy has not answered yet) → resolved,
 * or open again (policy could not take it). A look-up may resolve it at any time.
 */
export type DoubtProgress =
  | { tag: 'open' }
  | { tag: 'said'; verdict: PersonsVerdict }
  /** `verdict`: what a person had said by then. */
  | {
      tag: 'resolved';
      at: string;
      outcome: PersonsVerdict['outcome'];
      by: 'lookup' | 'person';
      verdict?: PersonsVerdict;
    };

export interface Doubt {
  actionId: string;
  intentId: string;
  revision: number;
  tool: string;
  envelope: Item['envelope'];
  /** Id of the event it is known by. */
  causedBy: string;
  traceparent?: string;
  /** Roles that were asked to approve the action. */
  asked: string[];
  /** How many verdicts were given: each has an id of its own. */
  verdicts: number;
  progress: DoubtProgress;
}

/** Between two announcements of an expiry that policy has not answered: doubled each time, up to the longest. */
export const EXPIRY_AGAIN_MS = 5_000;
export const EXPIRY_AGAIN_AT_MOST_MS = 600_000;
export const EXPIRIES_AT_MOST = 20;
/** When whoever wants to know is told that an item is about to expire: at this part of its time. */
const EXPIRING_AT = 0.8;

export const approvalKey = (approvalId: string) => `approval/${approvalId}`;
export const actionKey = (actionId: string) => `action/${actionId}`;
export const doubtKey = (actionId: string) => `doubt/${actionId}`;
/** Work ids are unique for ever, so each announcement has its own. */
export const expiryWorkId = (approvalId: string, expiries: number) => `expire/${approvalId}/${expiries}`;

export const approvalIdOf = (of: { actionId: string; revision: number; actionHash: string }) =>
  idOf(of.actionId, of.revision, of.actionHash);

/** The switches that stop it: while one is on, its time stands still. */
export const targetOf = ({ escalated: { tenant, workflow, tool } }: Item): ControlTarget => ({
  tenant,
  workflow,
  tool,
});

export const expiringAt = ({ decidedAt, expiresAt }: Escalated): Date => {
  const from = Date.parse(decidedAt);
  return new Date(from + Math.round((Date.parse(expiresAt) - from) * EXPIRING_AT));
};

/** When it expires as things stand; undefined while its time stands still. */
export const expiryOf = (item: Item, control: ControlView): Date | undefined =>
  control.expiresAt(item.escalated.decidedAt, item.escalated.expiresAt, targetOf(item));

/** Whether it still waits for people. While a switch is on it does, though nobody can say yes. */
export function isOpen(item: Item, control: ControlView, now: Date): boolean {
  if (item.progress.tag !== 'open') return false;
  const expiry = expiryOf(item, control);
  return expiry === undefined || now.getTime() < expiry.getTime();
}

export const mayDecide = (item: Item, person: Pick<Person, 'roles'>) =>
  item.escalated.approverRoles.some((role) => person.roles.includes(role));

export const claimOf = ({ claim }: Item, now: Date): Claim | undefined =>
  claim && now.getTime() < Date.parse(claim.until) ? claim : undefined;

/** Who changed it may approve it only if all they changed is less than was asked for. */
export const mayApproveOwnEdits = ({ escalated: { edits = [] } }: Item, sub: string): boolean =>
  edits.every(({ by, narrowing }) => by !== sub || narrowing);
