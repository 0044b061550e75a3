import type { OutRecord } from '@countersign/contracts';
import { AdvisoryLocks } from './advisory-locks.js';
import { FakeTransaction, Table, type Undo } from './fake-transaction.js';
import type { OffsetKey, ParkedRow } from '../ports.js';
import type { WorkDraft } from '../stream.js';

export interface FakeWork extends WorkDraft {
  status: string;
  fence: number;
  attempts: number;
  instance: string | undefined;
  owner: string | undefined;
  leaseUntil: number;
  notBeforeMs: number;
  createdAt: Date;
  /** When it was first marked SENT. */
  sentAt: Date | undefined;
  endedAt: number | undefined;
  outcome: unknown;
}

export interface FakeOutbox {
  instance: string;
  owner: string;
  createdAt: number;
  records: OutRecord[];
}

/** What is committed. Rows are never changed in place. */
export class FakeTables {
  readonly offsets = new Table<bigint>();
  readonly states = new Table<{ body: string | undefined; rev: number }>();
  readonly work = new Table<FakeWork>();
  late: { workId: string; fence: number; status: string; outcome: unknown }[] = [];
  readonly outbox = new Table<FakeOutbox>();
  readonly parked = new Table<ParkedRow & { parkedAt: Date; redrivenAt: Date | null; lastError: string | null }>();
  private readonly others = new Map<string, Table<unknown>>();

  /** A table of a service's own. */
  other<V>(name: string): Table<V> {
    let table = this.others.get(name);
    if (!table) this.others.set(name, (table = new Table()));
    return table as Table<V>;
  }
}

/**
 * What a cluster of PostgreSQL is to several processes: it outlives them. READ COMMITTED: transactions run beside each other, who
 * changes a row holds it until its end, and of two that wait for each other one fails.
 */
export class FakeDatabase {
  readonly tables = new FakeTables();
  readonly locks = new AdvisoryLocks();
  /** Instances by the owners that are connected. */
  readonly connected = new Map<string, string>();
  private readonly open = new Map<FakeTransaction, string>();
  /** Of commits that did not wait for the disk, since the last one that did. */
  private unsynced: Undo[][] = [];

  /** `clock`: the database's own. */
  constructor(readonly clock: () => number = Date.now) {}

  begin(owner: string): FakeTransaction {
    const transaction: FakeTransaction = new FakeTransaction((undo, mayBeLost) => {
      this.open.delete(transaction);
      if (!undo) return;
      if (mayBeLost) this.unsynced.push(undo);
      else this.unsynced = [];
    });
    this.open.set(transaction, owner);
    return transaction;
  }

  /** One statement, in a transaction of its own. */
  async alone<T>(owner: string, run: (transaction: FakeTransaction) => T | Promise<T>, mayBeLost = false): Promise<T> {
    const transaction = this.begin(owner);
    try {
      const result = await run(transaction);
      transaction.commit(mayBeLost);
      return result;
    } finally {
      transaction.rollback();
    }
  }

  /** What an owner has open is undone: it did nothing for too long. */
  endIdle(owner: string): void {
    for (const [transaction, of] of this.open) if (of === owner) transaction.rollback();
  }

  /** The connections of an owner end, and with them what it had open. */
  sever(owner: string): void {
    this.endIdle(owner);
    this.locks.sever(owner);
    this.connected.delete(owner);
  }

  /** A crash of the server. Of the commits that did not wait for the disk only the first `kept` are still there. */
  crash(kept: (of: number) => number = () => 0): void {
    for (const transaction of [...this.open.keys()]) transaction.rollback();
    this.locks.sever();
    const lost = this.unsynced.splice(kept(this.unsynced.length));
    for (const undo of lost.reverse().flatMap((undos) => undos.reverse())) undo();
    this.unsynced = [];
  }
}

export const nobodys = { instance: undefined, owner: undefined, leaseUntil: 0 };
export const offsetName = ({ consumer, topic, partition }: OffsetKey) => `${consumer} ${topic} ${partition}`;
