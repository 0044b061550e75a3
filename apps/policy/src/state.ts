import type { ActionOutcome, Grant, JsonObject, Person, Preview } from '@countersign/contracts';

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

/** Leaves of a record that executor read for this intent and signed: what provenance is computed from. */
export interface ReadSeen {
  system?: string;
  type?: string;
  id?: string;
  version?: string;
  at?: string;
  /** Every record of the read, when there were several: an argument may name one by its id. */
  ids: { system: string; type: string; id: string; version: string; at: string }[];
  fields: [field: string, value: string | number | boolean][];
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
  proposals: number;
  reads: ReadSeen[];
  action?: Action;
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
  approvers: Approver[];
}

export interface Escalation {
  actionHash: string;
  approvalId: string;
  roles: string[];
  needed: number;
  expiresAt: string;
  /** Ids of the approvals that did not count, for which people were asked again. */
  answered?: string[];
}

export type OpenAction =
  | (ActionBase & { tag: 'granted'; grant: Grant; jti: string })
  | (ActionBase & { tag: 'escalated'; escalation: Escalation });
export type Action = OpenAction | { tag: 'ended'; outcome: ActionOutcome };

export const intentKey = (intentId: string) => `intent:${intentId}`;
export const actionKey = (actionId: string) => `action:${actionId}`;

/** Bounds: an intent's authority to propose, and what a row may grow to. */
export const AUTHORITY_MS = 15 * 60_000;
export const MAX_PROPOSALS = 32;
export const MAX_RETURNS = 3;
export const MAX_READS = 16;
export const MAX_READ_FIELDS = 64;
export const MAX_TEXT_KEPT = 16_384;

/** How long a warrant may be used: by rule, and after a person's approval. */
export const WARRANT_SECONDS = 15 * 60;
export const APPROVED_WARRANT_SECONDS = 60;
/** A warrant counts from a little earlier, since another machine's clock judges it. */
export const CLOCK_SLACK_SECONDS = 5;
/** An expiry is appended by the clock of another machine too. */
export const CLOCK_SLACK_MS = CLOCK_SLACK_SECONDS * 1000;
