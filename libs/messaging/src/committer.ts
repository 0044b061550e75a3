import type { OutRecord } from '@countersign/contracts';
import type { StoreTx, Store } from './ports.js';
import type { Publisher } from './publisher.js';
import type { Applied, SqlTx, WorkDraft } from './stream.js';
import { UnitOfWork, type Encode, type SignAll } from './unit-of-work.js';

export type Project = (tx: SqlTx, applied: Applied) => Promise<void>;
/** Told of what a transaction did once it is committed: what was undone and done again is told once. */
export type Committed = (applied: Applied) => void;

/** What the body of a transaction hands on. `repeatable`: all of it would be done again if it were lost (guarantee 10). */
export interface Body<T> {
  value: T;
  incoming?: Applied['incoming'];
  project?: Project;
  repeatable?: boolean;
  /** Called once all of it is committed. */
  committed?: () => void;
}

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
    private readonly pen: { encode: Encode; signAll?: SignAll; committed?: Committed },
    private readonly project: Project | undefined,
  ) {}

  async commit<T>(body: (tx: StoreTx, unit: UnitOfWork) => Promise<Body<T>>): Promise<T> {
    const outboxId = `${this.store.owner}/${++this.sequence}`;
    let leases = new Map<string, number>();
    let drafts: WorkDraft[] = [];
    let inserted: ReadonlySet<string> = new Set();
    try {
      const { value, records, applied, committed } = await this.store.transact(async (tx, close) => {
        const unit = new UnitOfWork(tx, this.pen.encode, this.store.now());
        const { value, incoming = [], project, repeatable = false, committed } = await body(tx, unit);
        const written = unit.write((work) => {
          drafts = work;
          leases = this.intake.reserve(work);
          return leases;
        });
        // Looked at with the commit; what fails here before is thrown first.
        written.catch(() => {});
        const records: OutRecord[] = this.pen.signAll?.(unit.records) ?? unit.records;
        const kept = records.length ? tx.addOutbox({ id: outboxId, records }) : undefined;
        kept?.catch(() => {});
        const applied = unit.applied(incoming);
        for (const model of [this.project, project]) await model?.(tx.sql, applied);
        const last = Promise.all([written.then((ids) => (inserted = ids)), kept]);
        last.catch(() => {});
        close(last, { mayBeLost: repeatable && !records.length });
        return { value, records, applied, committed };
      });
      this.intake.settle(drafts, leases, inserted);
      committed?.();
      this.pen.committed?.(applied);
      if (records.length) await this.publisher.add(outboxId, records);
      return value;
    } catch (error) {
      this.intake.settle(drafts, leases, new Set());
      throw error;
    }
  }
}
