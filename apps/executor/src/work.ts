import { refusal } from '@countersign/contracts';
import { inTrace, type Round, type Worker, type WorkRow } from '@countersign/messaging';
import type { Tool } from '@countersign/tool-sdk';
import type { Attempts, Looked } from './attempt.js';
import { FORGOTTEN, inDoubt, keysKept, MAX_ATTEMPTS, waitAfter } from './automaton.js';
import { allEnded, Commits, retry, type Departure, type Job } from './commits.js';
import { decideEnding, endingTouches } from './decide.js';
import type { Gate } from './gate.js';
import type { Heartbeats } from './heartbeats.js';
import type { Opening } from './opening.js';
import { needsRecheck, type Recheck } from './recheck.js';
import { alsoRead } from './records.js';
import { RowMemory } from './row-memory.js';
import { failed } from './said.js';
import type { SendLock } from './send-lock.js';
import { toolBegins, toolEnded } from './tool-span.js';
import {
  GRANT,
  SETTLE,
  statusOf,
  type About,
  type Ending,
  type Outcome,
  type Sent,
  type Warrant,
  type WorkBody,
} from './state.js';
import type { WarrantBook } from './warrant-book.js';

export interface ExecutorParts {
  book: Pick<WarrantBook, 'fromPacked' | 'forget'>;
  /** Whether switches and stages are known, and audit was heard: until then nothing is claimed. */
  mayBegin: () => boolean;
  /** Targets that do not answer. */
  limits: () => ReadonlyMap<string, 'none' | 'one'>;
  heartbeats: Pick<Heartbeats, 'covers'>;
  doubtAfterMs: number;
  gate: Gate;
  lock: Pick<SendLock, 'take'>;
  attempts: Attempts;
  recheck: Recheck;
  toolOf: (warrant: Warrant) => Tool | undefined;
  /** A stored warrant that does not verify: somebody wrote to the table. */
  onForged: (row: WorkRow, because: string) => void;
  /** The target was asked after a commit in doubt, and what it said settles nothing. */
  onAsked: (about: About, said: string) => Promise<void>;
  /** Whether arguments and results go into spans. */
  showsContent: boolean;
}

/** What only reads or previews ends in time for who waits for it. A commit is let: it is looked at until its warrant ends. */
const MAX_LOOKS = MAX_ATTEMPTS;
const LEASE_MS = 30_000;
const SETTLE_EVERY_MS = 30_000;
const SETTLE_AT_MOST_MS = 600_000;

/**
 * Carries out warrants in rounds. It guarantees:
 * 1. A warrant is verified again from its stored bytes by the process that carries it out; one whose key was revoked meanwhile is not.
 * 2. Nothing that changes state is sent before SENT is committed (`commits.ts`); what is read or previewed needs no such mark.
 * 3. What rests on a preview, on records read before or on sealed values is looked at again before its first send
 *    (`recheck.ts`) and sent on the versions just read, as a conditional write.
 * 4. A row found SENT passes no check of the gate again; the automaton alone says how it goes on.
 * 5. Nothing is begun before the switches and stages are known, and whatever commits is judged by them under the lock (`commits.ts`).
 */
export class Executor implements Worker<Outcome> {
  readonly kinds = [GRANT, SETTLE];
  readonly roundSize = 100;
  readonly rounds = 3;
  /** Outlasts the send window many times: whoever claims a row after it knows that no send of it is still on its way. */
  readonly leaseMs = LEASE_MS;
  private readonly memory = new RowMemory();
  private readonly commits: Commits;

  constructor(private readonly parts: ExecutorParts) {
    this.commits = new Commits({ ...parts, memory: this.memory, end: this.end.bind(this) });
  }

  mayBegin(): boolean {
    return this.parts.mayBegin();
  }

  limits(): ReadonlyMap<string, 'none' | 'one'> {
    return this.parts.limits();
  }

  async perform(rows: WorkRow[], round: Round): Promise<void> {
    this.memory.forgetOld();
    const opening = await this.parts.gate.open();
    const direct: Departure[] = [];
    const careful: Job[] = [];
    const tasks: Promise<unknown>[] = [];
    for (const row of rows) {
      const job = this.jobOf(row);
      if ('absent' in job) tasks.push(retry(row, 'QUEUED', SETTLE_AT_MOST_MS, job.absent, round));
      else if (!('tool' in job)) tasks.push(this.end(row, job.about, job.ending, round));
      else if (row.kind === SETTLE) tasks.push(this.settle(job, opening, round));
      else if (row.status === 'SENT') direct.push(this.commits.again(job));
      else this.sort(job, opening, round, { direct, careful, tasks });
    }
    tasks.push(this.commits.depart(direct, round), this.recheckAll(careful, round));
    await allEnded(tasks);
  }

  readonly touches = endingTouches;
  readonly decide = decideEnding;

  readonly span = {
    begin: (row: WorkRow) => {
      const opened = this.parts.book.fromPacked((row.body as unknown as WorkBody).warrant);
      return opened.ok ? toolBegins(row, opened.warrant, this.parts.showsContent) : undefined;
    },
    end: (outcome: Outcome) => toolEnded(outcome, this.parts.showsContent),
  };

  /** Whatever could not be said of it: was it sent, then nobody knows; else nothing was done. A doubt stays one. */
  undecidable(row: WorkRow): { status: string; outcome: Outcome } | undefined {
    const job = this.jobOf(row);
    if (row.kind === SETTLE || !('about' in job) || !job.about) return undefined;
    const detail = 'what came of it could not be published';
    const unsaid = failed(refusal('UPSTREAM_FAILED', detail));
    const ending: Ending = row.status === 'SENT' ? { ...inDoubt(detail), ...this.sent(row) } : unsaid;
    return { status: statusOf(ending), outcome: { ending, attempts: row.attempts, about: job.about } };
  }

  /** Guarantee 1. */
  private jobOf(row: WorkRow): Job | { about: About | undefined; ending: Ending } | { absent: string } {
    const opened = this.parts.book.fromPacked((row.body as unknown as WorkBody).warrant);
    if (!opened.ok && opened.about?.jti === jtiOf(row)) return withdrawn(row, opened.about, opened.because);
    if (!opened.ok || opened.warrant.jti !== jtiOf(row)) {
      const because = opened.ok ? 'the row stands under another jti' : opened.because;
      this.parts.onForged(row, because);
      return { about: undefined, ending: { tag: 'void', because } };
    }
    const { warrant, about } = opened;
    const tool = this.parts.toolOf(warrant);
    if (tool) return { row, warrant, about, tool };
    const detail = `this executor has no ${warrant.workflow}/${warrant.tool}`;
    // It was sent, and nobody knows what came of it: that is asked once the tool is here again.
    if (row.kind === SETTLE) return { absent: detail };
    if (row.status === 'SENT') return { about, ending: inDoubt(detail) };
    return { about, ending: { tag: 'blocked', refusal: refusal('NOT_RELEASED', detail) } };
  }

  private sort(
    job: Job,
    opening: Opening,
    round: Round,
    into: { direct: Departure[]; careful: Job[]; tasks: Promise<unknown>[] },
  ): void {
    const verdict = this.parts.gate.judge(job.warrant, opening);
    if (verdict.tag === 'ended') into.tasks.push(this.end(job.row, job.about, verdict.ending, round));
    else if (verdict.tag === 'early') into.tasks.push(retry(job.row, 'QUEUED', verdict.inMs, 'not valid yet', round));
    else if (job.warrant.grant !== 'commit') into.tasks.push(this.look(job, round));
    else if (needsRecheck(job.warrant, job.tool)) into.careful.push(job);
    else into.direct.push({ ...job, basis: {}, isFirst: true });
  }

  private async look({ row, warrant, about, tool }: Job, round: Round): Promise<void> {
    const { attempts, recheck } = this.parts;
    const looked = await inTrace(row.traceparent, () =>
      warrant.grant === 'read'
        ? attempts.read(warrant, tool, round.signal)
        : recheck.preview(warrant, tool, round.signal),
    );
    if (looked.tag === 'end') return this.end(row, about, looked.ending, round);
    await this.lookAgain(row, about, looked, round);
  }

  private async lookAgain(
    row: WorkRow,
    about: About,
    looked: Looked & { tag: 'no-answer' },
    round: Round,
  ): Promise<void> {
    const { status, detail } = looked.error;
    if (row.attempts < MAX_LOOKS) return retry(row, 'QUEUED', waitAfter(row.attempts), detail, round);
    const why = refusal(status ? 'UPSTREAM_FAILED' : 'UPSTREAM_TIMEOUT', detail);
    await this.end(row, about, failed(why), round);
  }

  /** Guarantee 3: what stands after it was looked at again departs, and is judged once more there. */
  private async recheckAll(jobs: Job[], round: Round): Promise<void> {
    const checked = await Promise.all(jobs.map((job) => this.stands(job, round)));
    await this.commits.depart(
      checked.flatMap((one) => one ?? []),
      round,
    );
  }

  private async stands(job: Job, round: Round): Promise<Departure | undefined> {
    const { row, warrant, about, tool } = job;
    const checked = await inTrace(row.traceparent, () => this.parts.recheck.commit(warrant, tool, round.signal));
    if (checked.tag === 'same') {
      this.memory.read(row.id, checked.recordsRead);
      return { ...job, basis: checked.basis, isFirst: true };
    }
    if (checked.tag === 'end') await this.end(row, about, checked.ending, round);
    else await retry(row, 'QUEUED', waitAfter(row.attempts), checked.error.detail, round);
    return undefined;
  }

  /** An action in doubt is asked after for as long as nobody knows, and a look-up can tell. */
  private async settle({ row, warrant, about, tool }: Job, opening: Opening, round: Round): Promise<void> {
    const left = (because: string) => this.end(row, about, { tag: 'left', because }, round);
    if (!tool.lookup) return left(`${about.tool} cannot be looked up`);
    const found = await inTrace(row.traceparent, () => this.parts.attempts.lookUp(warrant, tool, round.signal));
    if (found.tag === 'unknown') {
      await this.parts.onAsked(about, found.detail);
      const inMs = Math.min(SETTLE_EVERY_MS * row.attempts, SETTLE_AT_MOST_MS);
      return retry(row, 'QUEUED', inMs, found.detail, round);
    }
    const { sentAt } = row.body as unknown as WorkBody;
    const sentForMs = sentAt === undefined ? 0 : opening.now() - Date.parse(sentAt);
    if (found.tag === 'nothing' && !keysKept(sentForMs, tool.contract.keyLifetimeMs)) {
      await this.parts.onAsked(about, FORGOTTEN);
      return left(FORGOTTEN);
    }
    const detail =
      found.tag === 'done'
        ? 'the target knows the key: it was done'
        : 'the target does not know the key: nothing was done';
    const committed = found.tag === 'done' ? { committed: found.committed } : {};
    const outcome = found.tag === 'done' ? 'committed' : 'failed';
    await this.end(row, about, { tag: 'resolved', outcome, by: 'lookup', detail, ...committed }, round);
  }

  /** What is told of a commit in doubt; nothing beside its row where its warrant or tool is gone. */
  private sent(row: WorkRow): { sent?: Sent } {
    const opened = this.parts.book.fromPacked((row.body as unknown as WorkBody).warrant);
    const tool = opened.ok ? this.parts.toolOf(opened.warrant) : undefined;
    if (!opened.ok || !tool) return {};
    const args = opened.warrant.arguments;
    const amount = amountOf(tool, args);
    const firstAt = row.sentAt?.toISOString();
    const lastAt = iso(this.memory.lastSentAt(row.id)) ?? firstAt;
    const { class: effectClass = 'D' } = tool.contract;
    return {
      sent: {
        effectClass,
        arguments: args,
        canLookUp: tool.lookup !== undefined,
        ...(amount && { amount }),
        ...(firstAt && { firstAt }),
        ...(lastAt && { lastAt }),
      },
    };
  }

  private async end(row: WorkRow, about: About | undefined, last: Ending, round: Round): Promise<void> {
    const read = alsoRead(last, this.memory.readsOf(row.id));
    const ending: Ending = read.tag === 'in-doubt' ? { ...read, ...this.sent(row) } : read;
    const outcome: Outcome = { ending, attempts: row.attempts, ...(about ? { about } : {}) };
    await round.finish(row, { tag: 'done', status: statusOf(ending), outcome });
    this.memory.forget(row.id);
    this.parts.book.forget((row.body as unknown as WorkBody).warrant);
  }
}

function iso(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** In the tool's own words, which must not keep a doubt from being told. */
function amountOf(tool: Tool, args: Warrant['arguments']): Sent['amount'] {
  try {
    return tool.contract.blast?.(args).amount;
  } catch {
    return undefined;
  }
}

const jtiOf = ({ id }: WorkRow) => id.split('/')[0]!;

/** Its key was revoked since this process opened it: nothing more is done with it, and whoever waits for it hears so. */
function withdrawn(row: WorkRow, about: About, because: string): { about: About; ending: Ending } | { absent: string } {
  if (row.kind === SETTLE) return { absent: because };
  if (row.status === 'SENT') return { about, ending: inDoubt(because) };
  return { about, ending: { tag: 'blocked', refusal: refusal('WARRANT_INVALID', because) } };
}
