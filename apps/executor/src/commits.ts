import { cut, type JsonObject } from '@countersign/contracts';
import { inTrace, type Round, type WorkRow } from '@countersign/messaging';
import type { Tool } from '@countersign/tool-sdk';
import type { Attempts } from './attempt.js';
import {
  afterLookUp,
  afterRecovery,
  afterSend,
  inDoubt,
  keysKept,
  type Answer,
  type Circumstances,
  type Step,
} from './automaton.js';
import { killedFor, type Gate } from './gate.js';
import type { Heartbeats } from './heartbeats.js';
import { CLOCK_BOUND_MS, SEND_WINDOW_MS, type Opening } from './opening.js';
import { restsOnVersions } from './recheck.js';
import type { RowMemory } from './row-memory.js';
import type { SendLock } from './send-lock.js';
import type { About, Ending, Warrant } from './state.js';

/** A row whose warrant was verified again just now. */
export interface Job {
  row: WorkRow;
  warrant: Warrant;
  about: About;
  tool: Tool;
}

/** A commit that is ready to be sent. */
export interface Departure extends Job {
  /** The versions it rests on. */
  basis: JsonObject;
  /** Nothing of it was ever sent. */
  isFirst: boolean;
}

export interface CommitParts {
  gate: Pick<Gate, 'judge'>;
  lock: Pick<SendLock, 'take'>;
  attempts: Pick<Attempts, 'send' | 'lookUp'>;
  heartbeats: Pick<Heartbeats, 'covers'>;
  /** For so long what was sent is sent again or looked up before it is called in doubt. */
  doubtAfterMs: number;
  memory: RowMemory;
  end: (row: WorkRow, about: About | undefined, ending: Ending, round: Round) => Promise<void>;
}

/**
 * Sends what commits, and finds out what became of it. It guarantees:
 * 1. A send begins only while the lock is held, and only after it was judged by what was read under it; of what was sent before,
 *    kill and expiry alone are looked at again, and it is looked up instead.
 * 2. Nothing is sent before SENT is committed.
 * 3. What its flight left behind unsent takes the next one, judged anew.
 * 4. Nothing is sent, again neither, that could begin once audit's last word is older than its limit.
 */
export class Commits {
  constructor(private readonly parts: CommitParts) {}

  /** A row that was found SENT. */
  again(job: Job): Departure {
    this.parts.memory.found(job.row.id, job.row.attempts, performance.now() + SEND_WINDOW_MS + CLOCK_BOUND_MS);
    return { ...job, basis: this.basisOf(job) ?? {}, isFirst: false };
  }

  async depart(departures: Departure[], round: Round): Promise<void> {
    let left = departures;
    while (left.length > 0) left = await this.fly(left, round);
  }

  /** Answers those that it left behind. */
  private async fly(departures: Departure[], round: Round): Promise<Departure[]> {
    const flight = await this.parts.lock.take();
    const answers: Promise<Answer>[] = [];
    const tasks: Promise<unknown>[] = [];
    const missed: Departure[] = [];
    try {
      const cleared = departures.filter((one) => this.isCleared(one, flight.opening, round, tasks));
      const until = AbortSignal.any([round.signal, flight.lost]);
      for (const one of await marked(cleared, round)) {
        const answer = this.send(one, flight.opening, until);
        answers.push(answer);
        tasks.push(this.answered(one, answer, flight.opening, round, missed));
      }
    } catch (error) {
      tasks.push(Promise.reject(error as Error)); // thrown below, once the others are over as well
    } finally {
      flight.land(answers);
    }
    await allEnded(tasks);
    const isWorthIt = missed.length < answers.length && !round.signal.aborted;
    if (isWorthIt) return missed;
    await allEnded(
      missed.map(({ row }) => retry(row, 'QUEUED', MISSED_RETRY_MS, 'its moment passed before it was sent', round)),
    );
    return [];
  }

  /** Guarantee 1. What may not be sent is seen to in `tasks`. */
  private isCleared(one: Departure, opening: Opening, round: Round, tasks: Promise<unknown>[]): boolean {
    if (!one.isFirst) {
      const way = afterRecovery(this.circumstances(one, opening));
      if (way !== 'send') tasks.push(this.recover(one, way, opening, round));
      return way === 'send' && this.isRecorded(one, 'SENT', opening, round, tasks);
    }
    const verdict = this.parts.gate.judge(one.warrant, opening);
    if (verdict.tag === 'ended') tasks.push(this.parts.end(one.row, one.about, verdict.ending, round));
    if (verdict.tag === 'early') tasks.push(retry(one.row, 'QUEUED', verdict.inMs, 'not valid yet', round));
    if (verdict.tag !== 'pass') return false;
    return this.isRecorded(one, 'QUEUED', opening, round, tasks);
  }

  /** Guarantee 4. Of a send before nobody knows whether it arrived: the next may be the one that acts. */
  private isRecorded(
    { row }: Departure,
    as: 'QUEUED' | 'SENT',
    opening: Opening,
    round: Round,
    tasks: Promise<unknown>[],
  ): boolean {
    const isRecorded = this.parts.heartbeats.covers(opening.now() + SEND_WINDOW_MS + CLOCK_BOUND_MS);
    if (!isRecorded) tasks.push(retry(row, as, UNHEARD_RETRY_MS, 'audit was not heard for too long', round));
    return isRecorded;
  }

  private send({ row, warrant, tool, basis }: Departure, opening: Opening, until: AbortSignal): Promise<Answer> {
    const mayActForMs = opening.notAfter(warrant) - opening.now() + CLOCK_BOUND_MS;
    const limit = performance.now() + mayActForMs;
    this.parts.memory.sent(row.id, { claim: row.attempts, limit, at: opening.now(), basis });
    return inTrace(row.traceparent, () => this.parts.attempts.send(warrant, tool, basis, opening, until));
  }

  private async answered(
    one: Departure,
    sent: Promise<Answer>,
    opening: Opening,
    round: Round,
    missed: Departure[],
  ): Promise<void> {
    const answer = await sent;
    if (one.isFirst && answer.tag === 'nothing-done' && answer.unsent) missed.push(one);
    else await this.take(one, afterSend(answer, one.isFirst, this.circumstances(one, opening)), opening, round);
  }

  private async recover(job: Job, way: 'look-up' | 'doubt', opening: Opening, round: Round): Promise<void> {
    if (way === 'look-up') return this.take(job, { tag: 'look-up' }, opening, round);
    const ending = inDoubt('it was sent, and the target cannot be asked what became of it');
    await this.parts.end(job.row, job.about, ending, round);
  }

  private async take(job: Job, step: Step, opening: Opening, round: Round): Promise<void> {
    switch (step.tag) {
      case 'end':
        return this.parts.end(job.row, job.about, step.ending, round);
      case 'again':
        return retry(job.row, step.as, step.inMs, step.because, round);
      case 'look-up': {
        const found = await inTrace(job.row.traceparent, () =>
          this.parts.attempts.lookUp(job.warrant, job.tool, round.signal),
        );
        const case_ = this.circumstances(job, opening);
        return this.take(job, afterLookUp(found, this.limitInMs(job.row), case_, step.refused), opening, round);
      }
      default:
        return step satisfies never;
    }
  }

  /** How long a send may still act; one of another process was sent before the row was found here (`again`). */
  private limitInMs({ id }: WorkRow): number {
    return Math.max(0, Math.ceil((this.parts.memory.limitOf(id) ?? 0) - performance.now()));
  }

  /** The versions its last send rested on, else those it was decided on. */
  private basisOf({ row, warrant }: Job): JsonObject | undefined {
    return this.parts.memory.basisOf(row.id) ?? warrant.preview?.basis;
  }

  private circumstances(job: Job, opening: Opening): Circumstances {
    const { row, warrant, tool } = job;
    const sentForMs = row.sentAt ? opening.now() - row.sentAt.getTime() : 0;
    return {
      effectClass: tool.contract.class ?? 'D',
      canLookUp: tool.lookup !== undefined,
      conditional: restsOnVersions(warrant, tool),
      basisKnown: this.basisOf(job) !== undefined,
      expired: opening.now() >= warrant.exp * 1000,
      killed: killedFor(warrant, opening.view) !== undefined,
      keysKept: keysKept(sentForMs, tool.contract.keyLifetimeMs),
      patient: sentForMs < this.parts.doubtAfterMs,
      attempts: row.attempts,
    };
  }
}

const MISSED_RETRY_MS = 200;
const UNHEARD_RETRY_MS = 500;

/** Guarantee 2. Those still ours, in their order; what an earlier flight left behind was marked for that one. */
async function marked(departures: Departure[], round: Round): Promise<Departure[]> {
  const unmarked = departures.filter(({ row }) => row.status !== 'SENT').map(({ row }) => row);
  if (unmarked.length === 0) return departures;
  const sent = new Map((await round.markSent(unmarked)).map((row) => [row.id, row]));
  return departures.flatMap((one) => {
    const row = one.row.status === 'SENT' ? one.row : sent.get(one.row.id);
    return row ? [{ ...one, row }] : [];
  });
}

export const retry = (
  row: WorkRow,
  status: 'QUEUED' | 'SENT',
  inMs: number,
  because: string,
  round: Round,
): Promise<void> => round.finish(row, { tag: 'retry', status, inMs, because: cut(because, 500) });

/** Waits for all, so that no send outlives its round; then the first failure is thrown. */
export async function allEnded(tasks: Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(tasks)) if (result.status === 'rejected') throw result.reason;
}
