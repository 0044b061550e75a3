import { idempotencyKeyOf, refusal, STAGES, type Code, type Grant, type Stage } from '@countersign/contracts';
import type { ControlView, KillRow } from '@countersign/control';
import type { SqlTx } from '@countersign/messaging';
import type { Tool } from '@countersign/tool-sdk';
import { expiredUnsent } from './automaton.js';
import { Opening, READING_SQL, readingOf, type Reading, type ReadingRow } from './opening.js';
import type { Ending, Warrant } from './state.js';

/**
 * The one place that lets a warrant through to its first send. It guarantees:
 * 1. Time is the database's: no executor's clock decides whether a warrant is alive.
 * 2. Only a tool of the very version and fingerprint that policy decided on is run. What was decided on by another release that counts waits for an
 *    executor that has it: during an upgrade both run.
 * 3. A grant is used for what it grants: a read reads, a commit is under the action's own key.
 * 4. Nothing passes whose scope is killed, or was since the warrant was decided on, re-armed or not.
 * 5. Nothing passes that its workflow's stage forbids: a commit needs `scoped`, a draft at least `draft-only`. Neither passes of a fingerprint
 *    that is released no more, or never was.
 * Uniqueness of the jti is the work row's id, and the preview is compared by the round before it comes here. What commits is
 * judged once more by what is known under the lock (`send-lock.ts`).
 */
export class Gate {
  private read: { at: number; reading: Promise<Reading> } | undefined;

  constructor(
    private readonly sql: () => SqlTx,
    private readonly toolOf: (warrant: Warrant) => Tool | undefined,
    private readonly fingerprintOf: (workflow: string) => string | undefined,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** What is known now, without the lock: enough for what changes nothing, and at most 100 ms old. */
  async open(): Promise<Opening> {
    const at = this.clock();
    if (!this.read || at - this.read.at > READING_MS) {
      const reading = this.sql()
        .query<ReadingRow>('gate', READING_SQL, [])
        .then((rows) => readingOf(rows[0]!, at));
      this.read = { at, reading };
      reading.catch(() => (this.read = undefined)); // thrown to whoever waits for it
    }
    return new Opening(await this.read.reading);
  }

  judge(warrant: Warrant, opening: Opening): Verdict {
    const { workflow, fingerprint } = warrant;
    const tool = this.toolOf(warrant);
    const known = this.fingerprintOf(workflow);
    if (known !== undefined && known !== fingerprint && opening.view.isReleased(workflow, fingerprint))
      return opening.now() < warrant.exp * 1000 ? { tag: 'early', inMs: ELSEWHERE_RETRY_MS } : expired;
    if (known !== fingerprint || tool?.contract.version !== warrant.toolVersion)
      return blocked('NOT_RELEASED', `this executor has another ${workflow} than the one decided on`);
    if (!isUsable(warrant, tool)) return blocked('WARRANT_INVALID', `it cannot ${warrant.grant} with ${warrant.tool}`);
    if (warrant.idempotencyKey !== idempotencyKeyOf(warrant.tenant, warrant.actionId, warrant.revision)) {
      return blocked('WARRANT_INVALID', "its key is not the action's");
    }
    const now = opening.now();
    if (now >= warrant.exp * 1000) return expired;
    const inMs = warrant.nbf * 1000 - now;
    if (inMs > 0) return { tag: 'early', inMs };
    const stopped = stoppedBy(warrant, opening.view);
    if (!stopped) return { tag: 'pass', tool };
    return isAhead(warrant, opening) ? { tag: 'early', inMs: AHEAD_RETRY_MS } : stopped;
  }
}

/** Guarantees 4 and 5. What a record of the topic says of itself goes no further than its scope: anybody may have written it. */
function stoppedBy(warrant: Warrant, view: ControlView): Verdict | undefined {
  const kill = killedFor(warrant, view);
  if (kill?.killed) return blocked('KILLED', `${kill.scope} is on`);
  if (kill) return blocked('KILLED', `${kill.scope} was on since it was decided on`);
  const { workflow, fingerprint, grant } = warrant;
  const changes = grant === 'commit' || grant === 'draft';
  if (changes && !view.isReleased(workflow, fingerprint))
    return blocked('NOT_RELEASED', `${workflow} as ${fingerprint.slice(0, 12)} is not released`);
  const stage = view.stageOf(warrant);
  if (STAGES_OF[warrant.grant].includes(stage)) return undefined;
  return blocked('STAGE_FORBIDS', `${warrant.workflow} is at stage ${stage}: it cannot ${warrant.grant}`);
}

/** The switch that stops a warrant: it is on, or was tripped since the warrant was decided on. */
export const killedFor = (warrant: Warrant, view: ControlView): KillRow | undefined =>
  view.killedBy(warrant) ?? view.trippedSince(warrant, warrant.epoch);

const STAGES_OF: Record<Grant, readonly Stage[]> = {
  read: STAGES,
  preview: STAGES,
  draft: ['draft-only', 'scoped'],
  commit: ['scoped'],
};

/** Policy knew of a later record when it decided, just now: that one is on its way here. Afterwards it counts for nothing. */
const isAhead = ({ epoch, decidedAt }: Warrant, opening: Opening): boolean =>
  epoch > opening.view.epoch && opening.now() - Date.parse(decidedAt) < AHEAD_MS;
const AHEAD_MS = 3_000;
const AHEAD_RETRY_MS = 50;
const ELSEWHERE_RETRY_MS = 500;
const READING_MS = 100;

export type Verdict = { tag: 'pass'; tool: Tool } | { tag: 'early'; inMs: number } | { tag: 'ended'; ending: Ending };

const expired: Verdict = { tag: 'ended', ending: expiredUnsent };

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
