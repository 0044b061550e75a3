import type { StoreTx, Store } from './ports.js';
import type { Publisher } from './publisher.js';
import type { Applied, SqlTx, WorkDraft } from './stream.js';
import { UnitOfWork, type Encode } from './unit-of-work.js';

export type Project = (tx: SqlTx, applied: Applied) => Promise<void>;

/** Where work that a transaction wrote down may be taken up at once. */
export interface WorkIntake {
  /** Sets room aside; answers lease lengths by work id for what it takes. */
  reserve(drafts: WorkDraft[]): Map<string, number>;
  /** The transaction is over: `inserted` came to be, of which `leases` are ours. */
  settle(drafts: WorkDraft[], leases: Map<string, number>, inserted: ReadonlySet<string>): void;
}

/** One transaction that ends in states, work, one outbox row and read models; after it, the publishing and the handing over. */
export class Committer {
  private sequence = 0;

  constructor(
    private readonly store: Store,
    private readonly publisher: Publisher,
    private readonly intake: WorkIntake,
    private readonly encode: Encode,
    private readonly project: Project | undefined,
  ) {}

  async commit<T>(
    body: (tx: StoreTx, unit: UnitOfWork) => Promise<{ value: T; incoming?: Applied['incoming']; project?: Project }>,
  ): Promise<T> {
    const outboxId = `${this.store.owner}/${++this.sequence}`;
    let leases = new Map<string, number>();
    let drafts: WorkDraft[] = [];
    let inserted: ReadonlySet<string> = new Set();
    try {
      const { value, unit } = await this.store.transact(async (tx) => {
        const unit = new UnitOfWork(tx, this.encode, new Date());
        const { value, incoming = [], project } = await body(tx, unit);
        inserted = await unit.write((work) => {
          drafts = work;
          leases = this.intake.reserve(work);
          return leases;
        });
        if (unit.records.length) await tx.addOutbox({ id: outboxId, records: unit.records });
        for (const model of [this.project, project]) await model?.(tx.sql, unit.applied(incoming));
        return { value, unit };
      });
      this.intake.settle(drafts, leases, inserted);
      if (unit.records.length) await this.publisher.add(outboxId, unit.records);
      return value;
    } catch (error) {
      this.intake.settle(drafts, leases, new Set());
      throw error;
    }
  }
}
