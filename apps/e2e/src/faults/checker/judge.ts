/*
 * The independent checker: holds the systems of record's ledgers, the client's own ledger, the topics and audit against each other. It
 * shares nothing with the services but the contracts' names and ids. What holds when it finds no flaw:
 *  1  Every intent that was asked ended in one reply or refusal, as whoever asked must expect, and the reply is true.
 *  2  Every action's events are a legal word of the table in `words.ts`, to an end; no event is told two ways.
 *  3  effects = approved − expired unsent − killed unsent − in doubt, action by action, and each key acted once.
 *  4  No effect without a warrant that allowed it, of these arguments, and where people had to agree, without their own yes.
 *  5  No effect began between a trip's acknowledgement and its re-arm, nor past audit's limit.
 *  6  Audit holds every record. What is in doubt is listed, and nothing of class A was.
 *  7  A minute after the last fault nothing was open.
 */
import type { Flaw, History } from './history.js';
import {
  eachAgreed,
  eachAsAsked,
  eachAsItEnded,
  eachOnce,
  eachWarranted,
  noneUnrecorded,
  noneWhileKilled,
} from './laws/effects.js';
import {
  auditHoldsAll,
  doubtsAreKnown,
  drainedInTime,
  everyIntentEnds,
  everyProposalDecided,
  killedBySomebody,
  lawfulEnds,
  legalWords,
  nothingUnasked,
  toldOneWay,
  trueReplies,
  verdictsWereGiven,
} from './laws/ends.js';
import { sortOut, type Sorted } from './stories.js';
import { balanceOf, type Balance } from './balance.js';

const CHECKS: readonly ((sorted: Sorted) => Flaw[])[] = [
  ...[toldOneWay, everyIntentEnds, nothingUnasked, legalWords, everyProposalDecided, trueReplies, lawfulEnds],
  ...[
    killedBySomebody,
    eachOnce,
    eachAsItEnded,
    eachWarranted,
    eachAsAsked,
    eachAgreed,
    noneWhileKilled,
    noneUnrecorded,
  ],
  ...[doubtsAreKnown, verdictsWereGiven, auditHoldsAll, drainedInTime],
];

export interface Judgement {
  flaws: Flaw[];
  balance: Balance;
}

export function judge(history: History): Judgement {
  const sorted = sortOut(history);
  return { flaws: CHECKS.flatMap((law) => law(sorted)), balance: balanceOf(sorted) };
}
