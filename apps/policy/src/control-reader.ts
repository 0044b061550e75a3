/*
 * The switches and stages that decisions go by, as the database has them. What it guarantees:
 * 1. Nothing is decided before this instance has read all that stood on the control topic when it joined, nor while the database
 *    does not answer.
 * 2. A decision goes by what was so at most `KEPT_MS` before; and what this instance itself applied it goes by at once: whoever was
 *    told of a re-arm or a stage is not refused for what was before.
 */
import { CONTROL_KEYS, CONTROL_SQL, viewOf, type ControlView } from '@countersign/control';
import type { Applied, Messaging } from '@countersign/messaging';

export const KEPT_MS = 250;
/** So long after a change was handed to a transaction nothing is kept: it may be committed at any moment. */
const UNSETTLED_MS = 1_000;

export interface ControlSource {
  /** Rejects while it is not known. */
  view(): Promise<ControlView>;
  /** What `view` answered last. */
  latest(): ControlView;
}

export class ControlUnknown extends Error {
  constructor() {
    super('switches and stages are not known yet: the control topic is still being read');
    this.name = 'ControlUnknown';
  }
}

export class ControlReader implements ControlSource {
  private known: { view: ControlView; at: number } | undefined;
  private reading: Promise<ControlView> | undefined;
  private changedAt = -Infinity;

  constructor(
    private readonly messaging: () => Pick<Messaging, 'sql' | 'caughtUp'>,
    private readonly clock = () => performance.now(),
  ) {}

  async view(): Promise<ControlView> {
    if (!this.messaging().caughtUp(CONTROL_CONSUMER)) throw new ControlUnknown();
    const now = this.clock();
    if (now - this.changedAt < UNSETTLED_MS) return this.read();
    if (this.known && now - this.known.at <= KEPT_MS) return this.known.view;
    return (this.reading ??= this.read().finally(() => (this.reading = undefined)));
  }

  latest(): ControlView {
    if (!this.known) throw new ControlUnknown();
    return this.known.view;
  }

  /** Told of every transaction before it is committed. */
  async project({ puts }: Pick<Applied, 'puts'>): Promise<void> {
    for (const key of puts.keys())
      if (key.startsWith(CONTROL_KEYS.from)) {
        this.changedAt = this.clock();
        return;
      }
  }

  private async read(): Promise<ControlView> {
    const at = this.clock();
    const view = viewOf(await this.messaging().sql.query<{ body: unknown }>('control-view', CONTROL_SQL, []));
    if (!this.known || this.known.at <= at) this.known = { view, at };
    return view;
  }
}

/** Every instance reads the control topic by a group of its own. */
export const CONTROL_CONSUMER = 'policy-control';
