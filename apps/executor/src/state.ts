import type { EffectClass } from '@countersign/tool-sdk';
import type {
  Code,
  DoneCheck,
  EventData,
  Grant,
  Json,
  JsonObject,
  KillValue,
  ReleaseValue,
  MemberSeen,
  Preview,
  RecordChanged,
  RecordRead,
  Refusal,
  StageValue,
} from '@countersign/contracts';

/** What policy signed: the executor runs this and nothing else. */
export type Warrant = EventData<'countersign.action.approved.v1'>;

/** The body of a work row. `warrant` is the signed event, packed; it is verified again when the row is performed. */
export interface WorkBody {
  warrant: string;
  /** Of what is in doubt: when it was first sent. */
  sentAt?: string;
}

/** Kinds of work: a warrant to carry out, an action in doubt to look up, and a change of a switch or stage to acknowledge. */
export const GRANT = 'grant';
export const SETTLE = 'settle';
export const DRAIN = 'drain';

/** A switch or stage that was changed, and the instance that knows of it: it says so once no sender is at work on what was before. */
export interface DrainBody {
  scope: string;
  value: KillValue | StageValue | ReleaseValue;
  /** Offset of the control record. */
  epoch: number;
  appendedAt: string;
  by?: string;
  instance: string;
  /** Id of the event it was known by. */
  cause: string;
}

/** What a drain brought to light: instances of this service, and what was sent before and has no known end. */
export interface Drained {
  instances: number;
  inDoubt?: string[];
}

/** What every event of an action says of it, taken from its verified warrant. */
export interface About {
  intentId: string;
  actionId: string;
  revision: number;
  tenant: string;
  actor: string;
  session: string;
  tool: string;
  toolVersion: string;
  jti: string;
  grant: Grant;
  idempotencyKey: string;
  /** Id of the event that carried the warrant. */
  cause: string;
  /** The warrant's arguments, where a person changed what was proposed. */
  edited?: JsonObject;
}

export interface Committed {
  result: JsonObject;
  recordsRead: RecordRead[];
  recordsChanged: RecordChanged[];
  done?: DoneCheck;
}

/** A definite no. `auditCode` is told to audit alone: it stands beside the words everybody sees, never in them. */
export type Refused = Refusal & { auditCode?: Code };

/** How a warrant ended. `void` is a row whose warrant no longer verifies: nothing is done and nothing said. */
export type Ending =
  | { tag: 'read'; result: Json; recordsRead: RecordRead[] }
  | { tag: 'previewed' | 'drafted'; preview: Preview; recordsRead: RecordRead[]; people?: MemberSeen[] }
  | ({ tag: 'committed' } & Committed)
  | { tag: 'failed'; refusal: Refused; recordsRead: RecordRead[] }
  | { tag: 'returned'; refusal: Refusal; preview?: Preview; recordsRead: RecordRead[] }
  | { tag: 'blocked'; refusal: Refusal }
  | { tag: 'in-doubt'; refusal: Refusal; known: string; recordsRead?: RecordRead[]; sent?: Sent }
  | {
      tag: 'resolved';
      outcome: 'committed' | 'failed';
      by: 'lookup' | 'person';
      detail: string;
      committed?: Committed;
      recordsRead?: RecordRead[];
    }
  /** A doubt that no look-up can settle (any more): a person does. */
  | { tag: 'left'; because: string }
  | { tag: 'void'; because: string };

/** What is known of a commit that was sent, for whoever has to find out what became of it. */
export interface Sent {
  effectClass: EffectClass;
  /** As they travel: personal values are tokens. */
  arguments: JsonObject;
  amount?: { amount: string; currency: string };
  firstAt?: string;
  lastAt?: string;
  /** Its tool can look it up. */
  canLookUp: boolean;
}

/** The state row of a commit in doubt: who settles it first, a look-up or a person, does so for good. */
export type Doubt =
  | {
      tag: 'open';
      about: About;
      target: string;
      attempts: number;
      since: string;
      known: string;
      asked: boolean;
      sent?: Sent;
    }
  | { tag: 'resolved'; about: About; by: 'lookup' | 'person'; outcome: 'committed' | 'failed'; at: string };

export const doubtKey = ({ actionId, revision }: Pick<About, 'actionId' | 'revision'>): string =>
  `doubt/${actionId}/${revision}`;

/** What a finished row hands to `decide`. */
export interface Outcome {
  ending: Ending;
  about?: About;
  attempts: number;
}

const STATUS = {
  read: 'READ',
  previewed: 'PREVIEWED',
  drafted: 'DRAFTED',
  committed: 'COMMITTED',
  failed: 'FAILED',
  returned: 'RETURNED',
  blocked: 'BLOCKED',
  'in-doubt': 'IN_DOUBT',
  resolved: 'RESOLVED',
  left: 'LEFT',
  void: 'VOID',
} as const satisfies Record<Ending['tag'], string>;

/** The terminal status of a work row. */
export const statusOf = (ending: Ending): string => STATUS[ending.tag];
