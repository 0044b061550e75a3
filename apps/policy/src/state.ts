import type {
  ActionOutcome,
  ArgumentProvenance,
  Grant,
  JsonObject,
  Money,
  Person,
  Preview,
  RecordRead,
} from '@countersign/contracts';

/*
 * One row an intent. An intent of one tool call carries its action in that row, so that the most frequent way costs one row;
 * the actions of a planned intent have rows of their own. What has ended keeps only what a repeat must find.
 */

/** What a person already said yes to, with the instant of the broker's append. */
export interface Approver {
  sub: string;
  roles: string[];
  reason: string;
  at: string;
}

/** What a person made of an action: `arguments` are those before. Narrowing: it took away, and nothing else. */
export interface Edit extends Omit<Approver, 'sub'> {
  by: string;
  arguments: JsonObject;
  narrowing: boolean;
}

/** Whose words a field holds, as the workflow's sources say; of what none declares, nobody knows. */
export type Trust = NonNullable<ArgumentProvenance['trust']>;

/** Leaves of a record that executor read for this intent and signed: what provenance is computed from. */
export interface ReadSeen {
  system?: string;
  type?: string;
  id?: string;
  version?: string;
  at?: string;
  /** Every record of the read, when there were several: an argument may name one by its id. */
  ids: { system: string; type: string; id: string; version: string; at: string }[];
  fields: [field: string, value: string | number | boolean, trust?: Trust][];
}

export interface AcceptedIntent {
  tag: 'accepted';
  kind: 'intent' | 'action';
  intentId: string;
  tenant: string;
  session: string;
  actor: Person;
  workflow: string;
  authorityUntil: string;
  /** The user's own words and the record they point at, for provenance. */
  text?: string;
  subjectId?: string;
  /** The day (UTC) the broker took it: what it commits counts on that day. */
  day: string;
  proposals: number;
  /** Replied to: nothing is proposed any more. */
  replied?: true;
  reads: ReadSeen[];
  /** What strangers wrote: quoted in the user's words, or read. `strangersCut`: there was more of it than is kept. */
  strangers?: string;
  strangersCut?: true;
  /** Tokens of the sealed values this intent said or read: no other is opened for it. */
  tokens?: string[];
  /** Of an agent outside: its session is remembered under this id. */
  sessionId?: string;
  /** Strangers' words may have been heard that are not known here yet. */
  mayHaveHeard?: true;
  /** How often an action on a record was sent back to be planned anew, by tool and record. */
  replans?: Record<string, number>;
  action?: Action;
  /** Of planned actions that are open: where they are counted, for whoever knows this row alone. */
  booked?: Record<string, Booked & { tool: string }>;
}

export type Intent = AcceptedIntent | { tag: 'refused' } | { tag: 'ended'; outcome: ActionOutcome };

/** What an action keeps from being asked for to its end. */
export interface ActionBase {
  actionId: string;
  revision: number;
  tool: string;
  toolVersion: string;
  arguments: JsonObject;
  dryRun: boolean;
  /** Warrants issued; each has a `jti` of its own. */
  warrants: number;
  /** How often the executor handed a warrant back unsent. */
  returns: number;
  /** Hashes people were asked about: an effect that comes back is not asked about twice. */
  asked: string[];
  preview?: Preview;
  /** What the preview read, and when policy had it: people's roles are looked at again when that is too long ago. */
  recordsRead?: RecordRead[];
  seenAt?: string;
  approvers: Approver[];
  /** What people were asked last. */
  escalation?: Escalation;
  /** Why a person has to decide, whatever the rules say. */
  insist?: string;
  /** Who has to decide at the least, whatever the rules say: people were asked before it was edited, or evaluated anew. */
  atLeast?: Needed;
  /** The first one's arguments are what was proposed. */
  edits?: Edit[];
  /** Where it is counted, from its first grant or question on. */
  booked?: Booked;
  /** What it takes there, from its commit grant on. */
  reserved?: Reserved;
}

/** Ids of the tally rows an action is counted on: giving back needs neither its workflow nor its rules. */
export interface Booked {
  /** What rules look at: as open until it ends, and what it takes. */
  history: string[];
  /** Session limit and budgets: what it takes alone, so that its end need not lock what many share. */
  limits: string[];
}

export interface Reserved {
  amount?: Money;
  records: number;
}

/** Which people decide, and how many of them. */
export interface Needed {
  roles: string[];
  needed: number;
}

export interface Escalation extends Needed {
  actionHash: string;
  approvalId: string;
  /** Under other rules nobody's word on it counts. */
  policyVersion: string;
  openedAt: string;
  /** Later by as long as a kill switch stopped it meanwhile. */
  expiresAt: string;
  /** Ids of the latest words that were heard, whether they counted or people were asked again. */
  answered?: string[];
}

export type OpenAction = GrantedAction | EscalatedAction;
export type GrantedAction = ActionBase & {
  tag: 'granted';
  grant: Grant;
  jti: string;
  lookingAgain?: true;
  doubt?: Doubt;
};
export type EscalatedAction = ActionBase & { tag: 'escalated'; escalation: Escalation };
export type Action = OpenAction | { tag: 'ended'; outcome: ActionOutcome };

/** Of a commit: that the executor does not know whether it was made, and what a person says of it. Either may come first. */
export interface Doubt {
  /** Of which warrant. */
  jti: string;
  known?: true;
  verdict?: PersonsVerdict;
  /** Ids of verdicts that were answered. */
  answered: string[];
}

export interface PersonsVerdict {
  eventId: string;
  outcome: 'committed' | 'failed';
  by: string;
  reason: string;
}

/** The names sort as every transaction locks them: intents, then `limit:`, actions, sessions. Another order would deadlock. */
export const intentKey = (intentId: string) => `intent:${intentId}`;
/** A tally row. */
export const limitKey = (id: string) => `limit:${id}`;
export const actionKey = (actionId: string) => `planned:${actionId}`;
/** What the session of an agent outside was told and has read. */
export const sessionKey = (sessionId: string) => `session:${sessionId}`;

/** Bounds: an intent's authority to propose, and what a row may grow to. */
export const AUTHORITY_MS = 15 * 60_000;
export const MAX_PROPOSALS = 32;
export const MAX_RETURNS = 3;
/** A read is a proposal, so none is forgotten. */
export const MAX_READS = MAX_PROPOSALS;
export const MAX_READ_FIELDS = 64;
export const MAX_TEXT_KEPT = 16_384;
export const MAX_TOKENS = 256;
export const MAX_CONTEXT = 64;
export const MAX_EDITS = 10;
/** Characters of all arguments that edits have left behind: each decision repeats them. */
export const MAX_EDITS_CHARS = 64 * 1024;
export const MAX_ANSWERED = 50;

/** How long a warrant may be used: by rule, and after a person's approval. */
export const WARRANT_SECONDS = 15 * 60;
export const APPROVED_WARRANT_SECONDS = 60;
/** A warrant counts from a little earlier, since another machine's clock judges it. */
export const CLOCK_SLACK_SECONDS = 5;
/** An expiry is appended by the clock of another machine too. */
export const CLOCK_SLACK_MS = CLOCK_SLACK_SECONDS * 1000;
