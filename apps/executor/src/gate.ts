import { idempotencyKeyOf, refusal, type Code } from '@countersign/contracts';
import type { SqlTx } from '@countersign/messaging';
import type { Tool } from '@countersign/tool-sdk';
import { expiredUnsent } from './automaton.js';
import type { Ending, Warrant } from './state.js';

/**
 * The one place that lets a warrant through to its first send. It guarantees:
 * 1. Time is the database's: no executor's clock decides whether a warrant is alive.
 * 2. Only a tool of the very version and fingerprint that policy decided on is run.
 * 3. A grant is used for what it grants: a read reads, a commit is under the action's own key.
 * Uniqueness of the jti is the work row's id, and the preview is compared by the round before it comes here.
 */
export class Gate {
  private read: Reading | undefined;

  constructor(
    private readonly sql: () => SqlTx,
    private readonly toolOf: (warrant: Warrant) => Tool | undefined,
    private readonly fingerprintOf: (workflow: string) => string | undefined,
  ) {}

  /** Asked for once a round, before what it lets through is sent; read at least once a second. */
  async open(): Promise<Opening> {
    const at = performance.now();
    if (!this.read || at - this.read.at > READING_MS) {
      const rows = await this.sql().query<{ now: string }>('gate-clock', CLOCK, []);
      this.read = { at, now: Number(rows[0]?.now) };
    }
    return new Opening(this.read);
  }

  judge(warrant: Warrant, opening: Opening): Verdict {
    const tool = this.toolOf(warrant);
    const known = this.fingerprintOf(warrant.workflow);
    if (known !== warrant.fingerprint || tool?.contract.version !== warrant.toolVersion) {
      return blocked('NOT_RELEASED', `this executor has another ${warrant.workflow} than the one decided on`);
    }
    if (!isUsable(warrant, tool)) return blocked('WARRANT_INVALID', `it cannot ${warrant.grant} with ${warrant.tool}`);
    if (warrant.idempotencyKey !== idempotencyKeyOf(warrant.tenant, warrant.actionId, warrant.revision)) {
      return blocked('WARRANT_INVALID', "its key is not the action's");
    }
    const now = opening.now();
    if (now >= warrant.exp * 1000) return { tag: 'ended', ending: expiredUnsent };
    const inMs = warrant.nbf * 1000 - now;
    return inMs > 0 ? { tag: 'early', inMs } : { tag: 'pass', tool };
  }
}

const CLOCK = 'select (extract(epoch from clock_timestamp()) * 1000)::text as now';

export type Verdict = { tag: 'pass'; tool: Tool } | { tag: 'early'; inMs: number } | { tag: 'ended'; ending: Ending };

const blocked = (code: Code, detail: string): Verdict => ({
  tag: 'ended',
  ending: { tag: 'blocked', refusal: refusal(code, detail) },
});

function isUsable({ grant, dryRun }: Warrant, tool: Tool): boolean {
  switch (grant) {
    case 'read':
      return tool.read !== undefined;
    case 'preview':
    case 'draft':
      return tool.preview !== undefined;
    case 'commit':
      return tool.commit !== undefined && !dryRun;
    default:
      return grant satisfies never;
  }
}

/** A target refuses what reaches it later than this after the gate looked. */
export const SEND_WINDOW_MS = 2_000;

/** How long the monotonic clock carries a reading on. */
const READING_MS = 1_000;

/** What the database's clock showed, and when it was asked: never less than the age of the answer. In ms. */
interface Reading {
  now: number;
  at: number;
}

/** The database's time, carried on by the monotonic clock: never earlier than it is. */
export class Opening {
  private readonly opened: number;

  constructor(private readonly reading: Reading) {
    this.opened = this.now();
  }

  now(): number {
    return this.reading.now + (performance.now() - this.reading.at);
  }

  /** No send after it: the end of the window, or of the warrant. */
  notAfter(warrant: Warrant): number {
    return Math.floor(Math.min(this.opened + SEND_WINDOW_MS, warrant.exp * 1000));
  }
}
