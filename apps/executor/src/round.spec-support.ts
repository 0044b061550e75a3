import { createHash } from 'node:crypto';
import { jcs, type Json } from '@countersign/contracts';
import type { ControlRow } from '@countersign/control';
import type { Source } from '@countersign/context';
import type { Round, SqlTx, WorkOutcome, WorkRow } from '@countersign/messaging';
import type { Opener, Token, ToSeal } from '@countersign/sealing';
import {
  NothingDone,
  type Directory,
  type TargetAnswer,
  type TargetRequest,
  type Tool,
  type ToolContract,
} from '@countersign/tool-sdk';
import { Attempts } from './attempt.js';
import { Gate } from './gate.js';
import { givenBook, givenRelease, givenStage, givenTool, NOW } from './given.spec-support.js';
import { Opening, readingOf, type Reading } from './opening.js';
import { Recheck } from './recheck.js';
import { Sealer } from './sealer.js';
import type { Flight } from './send-lock.js';
import type { Ending, Outcome, Warrant } from './state.js';
import type { Errand } from './target-client.js';
import { Executor, type ExecutorParts } from './work.js';

/** A round as the pool gives it: it writes down in which order things happen. */
export class NotedRound implements Round {
  readonly notes: string[] = [];
  readonly ended = new Map<string, WorkOutcome<Outcome>>();
  readonly signal: AbortSignal = new AbortController().signal;
  isOurs = true;

  async markSent(rows: WorkRow[]): Promise<WorkRow[]> {
    await Promise.resolve();
    this.notes.push(`marked ${rows.length}`);
    return this.isOurs ? rows.map((row) => ({ sentAt: NOW, ...row, fence: row.fence + 1, status: 'SENT' })) : [];
  }

  async finish<O>(row: WorkRow, outcome: WorkOutcome<O>): Promise<void> {
    await Promise.resolve();
    this.notes.push(outcome.tag === 'done' ? outcome.status : `${outcome.tag} as ${outcome.status}`);
    this.ended.set(row.id, outcome as WorkOutcome<unknown> as WorkOutcome<Outcome>);
  }

  /** How the only row ended, or why it goes on. */
  get ending(): Ending | string | undefined {
    const [only] = [...this.ended.values()];
    return only?.tag === 'done' ? only.outcome.ending : only?.because;
  }
}

/** A value's token: as the store gives it, but made of the value. */
export const tokenOf = (value: Json): string =>
  `tok_${createHash('sha256').update(jcs(value)).digest('hex').slice(0, 32)}`;

/** What a round of the executor meets: a target, the database's clock, and what the workflow declares. */
export class Surroundings {
  round = new NotedRound();
  readonly forged: string[] = [];
  readonly sent: TargetRequest[] = [];
  readonly errands: Errand[] = [];
  databaseNow = NOW.getTime();
  fingerprint = 'f-1';
  controls: ControlRow[] = [givenStage('scoped')];
  mayBegin = true;
  /** Whether audit's word is recent enough for what begins at an instant of the database's clock. */
  covers: (at: number) => boolean = () => true;
  doubtAfterMs = 300_000;
  readonly toldOfDoubts: string[] = [];
  book: ExecutorParts['book'] = givenBook();
  /** Called when a flight has the lock, before it looks. */
  onLock: () => void = () => {};
  onLanding: (sends: Promise<unknown>[]) => void = () => {};
  /** The flight that took the lock last: what it knows, and a way to take the lock from it. */
  aloft: { known: Reading; loseLock: () => void } | undefined;
  answer: (request: TargetRequest) => Promise<TargetAnswer> = () =>
    Promise.resolve({ status: 201, body: { refundId: 'ref_1' } });
  sources: Source[] = [];
  directory: Directory | undefined;
  statement: string | undefined;
  /** What the store can open, by token. */
  readonly openable = new Map<string, Json>();
  readonly asked: string[][] = [];
  seal: (values: readonly ToSeal[]) => Promise<Token[]> = (values) =>
    Promise.resolve(values.map(({ value }) => ({ token: tokenOf(value) })));
  open: (tokens: readonly string[]) => Promise<Map<string, Json>> = (tokens) =>
    Promise.resolve(new Map([...this.openable].filter(([token]) => tokens.includes(token))));

  /** With `issue_refund` of a changed contract, or with these tools. */
  executor(change: Partial<ToolContract> | Tool[] = {}): Executor {
    const tools = Array.isArray(change) ? change : [givenTool('issue_refund', change)];
    const toolOf = ({ tool }: Pick<Warrant, 'tool'>) => tools.find(({ contract }) => contract.name === tool);
    const known = () => ({ now: String(this.databaseNow), rows: [givenRelease(), ...this.controls] });
    const sql: SqlTx = { query: <R>() => Promise.resolve([known()] as R[]) };
    const attempts = this.attempts();
    return new Executor({
      book: this.book,
      mayBegin: () => this.mayBegin,
      limits: () => new Map(),
      heartbeats: { covers: (at) => this.covers(at) },
      doubtAfterMs: this.doubtAfterMs,
      lock: { take: () => Promise.resolve(this.flight()) },
      gate: new Gate(
        () => sql,
        toolOf,
        () => this.fingerprint,
      ),
      attempts,
      recheck: new Recheck({
        attempts,
        sourceOf: (_, type) => {
          const source = this.sources.find(({ record }) => record === type);
          return source && { source, tool: toolOf({ tool: source.tool })! };
        },
      }),
      toolOf,
      onForged: (_, because) => this.forged.push(because),
      onAsked: async (_, said) => void this.toldOfDoubts.push(said),
      showsContent: false,
    });
  }

  private flight(): Flight {
    this.onLock();
    const lost = new AbortController();
    const known = readingOf(
      { now: String(this.databaseNow), rows: [givenRelease(), ...this.controls] },
      performance.now(),
    );
    this.aloft = { known, loseLock: () => lost.abort() };
    return { opening: new Opening(known), lost: lost.signal, land: (sends) => this.onLanding(sends) };
  }

  attempts(): Attempts {
    const request = async (asked: TargetRequest, { isLate }: Errand) => {
      if (asked.method !== 'GET' && isLate?.()) throw new NothingDone('its moment passed before it was sent');
      this.sent.push(asked);
      this.round.notes.push(`${asked.method} ${asked.path}`);
      return this.answer(asked);
    };
    const sealer = new Sealer({ seal: (values) => this.seal(values) });
    const opener: Opener = {
      open: (_, tokens) => {
        this.asked.push([...tokens]);
        return this.open(tokens);
      },
    };
    return new Attempts({
      targetOf: () => ({
        clientFor: (errand) => {
          this.errands.push(errand);
          return { request: (asked) => request(asked, errand) };
        },
      }),
      seal: sealer.seal.bind(sealer),
      opener,
      directoryOf: () => this.directory,
      statementOf: () => this.statement,
      doneTimeoutMs: 50,
    });
  }
}
