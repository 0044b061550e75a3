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
  constructor(
    private readonly sql: () => SqlTx,
    private readonly toolOf: (warrant: Warrant) => Tool | undefined,
    private readonly fingerprintOf: (workflow: string) => string | undefined,
  ) {}

  /** Read once a round, before what it lets through is sent. */
  async open(): Promise<Opening> {
    const rows = await this.sql().query<{ now: string }>('gate-clock', CLOCK, []);
    return new Opening(Number(rows[0]?.now));
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

/** The database's time, carried on by the monotonic clock. */
export class Opening {
  private readonly at = performance.now();

  constructor(private readonly databaseNow: number) {}

  now(): number {
    return this.databaseNow + (performance.now() - this.at);
  }

  /** No send after it: the end of the window, or of the warrant. */
  notAfter(warrant: Warrant): number {
    return Math.floor(Math.min(this.databaseNow + SEND_WINDOW_MS, warrant.exp * 1000));
  }
}
