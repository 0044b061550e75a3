import type { OutRecord } from '@countersign/contracts';
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
  endedAt: number | undefined;
  outcome: unknown;
}

export interface FakeOutbox {
  instance: string;
  owner: string;
  createdAt: number;
  records: OutRecord[];
}

/** Rows are never changed in place, so copies of the maps are a snapshot. */
export class FakeTables {
  offsets = new Map<string, bigint>();
  states = new Map<string, { body: string | undefined; rev: number }>();
  work = new Map<string, FakeWork>();
  late: { workId: string; fence: number; status: string; outcome: unknown }[] = [];
  outbox = new Map<string, FakeOutbox>();
  parked = new Map<string, ParkedRow & { parkedAt: Date; redrivenAt: Date | null; lastError: string | null }>();

  copy(): FakeTables {
    const copy = new FakeTables();
    copy.offsets = new Map(this.offsets);
    copy.states = new Map(this.states);
    copy.work = new Map(this.work);
    copy.late = [...this.late];
    copy.outbox = new Map(this.outbox);
    copy.parked = new Map(this.parked);
    return copy;
  }
}

/** What a cluster of PostgreSQL is to several processes: it outlives them. One transaction runs at a time. */
export class FakeDatabase {
  tables = new FakeTables();
  /** Instances by the owners that are connected. */
  readonly connected = new Map<string, string>();
  private turn: Promise<void> = Promise.resolve();

  /** Runs on a copy that replaces the tables if nothing was thrown. */
  transact<T>(run: (tables: FakeTables) => Promise<T>): Promise<T> {
    const mine = this.turn.then(async () => {
      const tables = this.tables.copy();
      const result = await run(tables);
      this.tables = tables;
      return result;
    });
    this.turn = mine.then(
      () => {},
      () => {},
    );
    return mine;
  }
}

export const nobodys = { instance: undefined, owner: undefined, leaseUntil: 0 };
export const offsetName = ({ consumer, topic, partition }: OffsetKey) => `${consumer} ${topic} ${partition}`;
