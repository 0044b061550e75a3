import type { Pids } from '../cost.js';

/** How many ended a second, and how many there were. */
export interface Pushed {
  rate: number;
  actions: number;
}

/** What became of actions that waited for a person and were approved all at once. */
export interface Drained {
  /** When the first approval was sent, ms since 1970. */
  firstApprovalAt: number;
  /** Of the effects, in helpdesk's ledger. */
  keys: string[];
}

/** A system that is measured: each load goes through it from its request to its end. */
export interface SystemUnderTest {
  name: string;
  /** All that works for it, what it shares with others included; not who asks. */
  pids: Pids;
  /** Pushes about so many actions that rules approve. */
  approved(n: number): Promise<Pushed>;
  /** So many a second on an open loop, whatever becomes of them: the way of each from its request to its end, ms, sorted. */
  steady(perSecond: number, seconds: number): Promise<number[]>;
}

/** A system in which an action can wait for a person. */
export interface WithApprovals extends SystemUnderTest {
  /** Brings so many to wait for a person, then approves them all at once. */
  escalated(n: number): Promise<Drained>;
}
