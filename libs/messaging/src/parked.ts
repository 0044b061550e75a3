import { Poison } from '@countersign/contracts';
import { maskWords } from '@countersign/sealing';
import type { Committer } from './committer.js';
import { messageOf, NotPrepared } from './errors.js';
import type { ParkingLot } from './parking.js';
import type { ParkedEntry, ParkedRow, Store, StoreTx } from './ports.js';
import { factsOf, stepOf } from './chunk-decider.js';
import { isIngester, type Decode, type Subscription } from './processor.js';
import type { Consumer, Read } from './stream.js';
import type { UnitOfWork } from './unit-of-work.js';

export type Redriven = { redriven: true } | { redriven: false; because: string };

/** Undoes the transaction of a redrive that cannot succeed; never leaves this file. */
class NotRedriven extends Error {}

/** What was set aside: to look at, and to handle once it can be read. Bytes are never shown. */
export class Parked {
  constructor(
    private readonly store: Store,
    private readonly committer: Committer,
    private readonly lot: ParkingLot,
    private readonly subscriptions: Map<string, Subscription>,
    private readonly decode: Decode,
  ) {}

  list(limit = 100, after?: string): Promise<ParkedEntry[]> {
    return this.store.listParked(limit, after);
  }

  show(id: string): Promise<ParkedEntry | undefined> {
    return this.store.getParked(id);
  }

  /** Reads the record again and handles it like any other, exactly once. Undefined if there is no such row. */
  async redrive(id: string): Promise<Redriven | undefined> {
    try {
      return await this.committer.commit(async (tx, unit) => {
        const row = await tx.lockParked(id);
        if (!row) return { value: undefined };
        if (row.redrivenAt) throw new NotRedriven('it was redriven before');
        const extra = await this.handle(tx, unit, row);
        await tx.markRedriven(id);
        return { value: { redriven: true } as const, ...extra };
      });
    } catch (error) {
      if (!(error instanceof NotRedriven)) throw error;
      const because = maskWords(error.message);
      await this.store.noteParked(id, because);
      return { redriven: false, because };
    }
  }

  private async handle(tx: StoreTx, unit: UnitOfWork, row: ParkedRow) {
    const subscription = [...this.subscriptions.values()].find((one) => row.consumer === one.name);
    if (!subscription) throw new NotRedriven(`there is no subscription "${row.consumer}" any more`);
    const read = this.read(row);
    if (isIngester(subscription)) {
      // Only what its statement failed on is not there yet.
      if (row.reason !== 'HANDLER_FAILED')
        throw new NotRedriven('it is kept as it came; redrive it at the service that acts on it');
      await subscription.ingest(tx.sql, [read]);
      return {};
    }
    if (!read.incoming) throw new NotRedriven(read.poison?.message ?? 'it cannot be read');
    const consumer = subscription as Consumer<unknown>;
    const incoming = [read.incoming];
    try {
      const step = stepOf(consumer, read.incoming, await factsOf(consumer, incoming));
      if (step) {
        await unit.load([step]);
        await unit.run(step);
      }
    } catch (error) {
      if (error instanceof NotPrepared) throw new NotRedriven(error.message);
      throw new NotRedriven(`its handler failed: ${messageOf(error)}`);
    }
    const project = consumer.project?.bind(consumer);
    return { incoming, ...(project && { project }) };
  }

  private read(row: ParkedRow): Read {
    const record = this.lot.record(row);
    try {
      return { record, incoming: this.decode(record), poison: undefined };
    } catch (error) {
      return {
        record,
        incoming: undefined,
        poison: error instanceof Poison ? error : new Poison('NOT_AN_EVENT', messageOf(error)),
      };
    }
  }
}
