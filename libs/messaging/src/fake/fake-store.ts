import { randomBytes } from 'node:crypto';
import type { ClaimAsk, Close, OutboxRow, ParkedEntry, ParkedRow, Place, Store, StoreTx, WorkRef } from '../ports.js';
import type { SqlTx, WorkRow } from '../stream.js';
import { FakeDatabase, nobodys, offsetName, type FakeTables, type FakeWork } from './fake-database.js';
import { FakeTx, noSql } from './fake-tx.js';

/** The store in memory, with the transactions, fences and leases of the real one. It has no SQL: read models need the real one. */
export class FakeStore implements Store {
  readonly sql: SqlTx = noSql;
  readonly owner: string;
  private lastTurn = '';

  constructor(
    readonly database = new FakeDatabase(),
    readonly instance = 'fake-1',
  ) {
    this.owner = `${instance}/${randomBytes(6).toString('hex')}`;
    database.connected.set(this.owner, instance);
  }

  transact<T>(run: (tx: StoreTx, close: Close) => Promise<T>): Promise<T> {
    return this.database.transact(async (tables) => {
      let last: Promise<unknown> | undefined;
      const result = await run(new FakeTx(tables, this.instance, this.owner), (given) => (last = given));
      await last;
      return result;
    });
  }

  positions(consumer: string, places: (Place & { start: bigint })[]): Promise<(Place & { next: bigint })[]> {
    return this.at(({ offsets }) =>
      places.map(({ start, ...place }) => {
        const key = offsetName({ consumer, ...place });
        if (!offsets.has(key)) offsets.set(key, start);
        return { ...place, next: offsets.get(key)! };
      }),
    );
  }

  leftovers(olderThanMs: number, limit: number): Promise<OutboxRow[]> {
    const left = (row: { instance: string; owner: string; createdAt: number }) =>
      (row.instance === this.instance && row.owner !== this.owner) || row.createdAt < Date.now() - olderThanMs;
    return this.at(({ outbox }) =>
      [...outbox].flatMap(([id, row]) => (left(row) ? [{ id, records: row.records }] : [])).slice(0, limit),
    );
  }

  forget(outboxIds: string[]): Promise<void> {
    return this.at(({ outbox }) => outboxIds.forEach((id) => outbox.delete(id)));
  }

  claim({ kinds, limit, leaseMs, fullTargets, held }: ClaimAsk): Promise<WorkRow[]> {
    return this.at(({ work }) => {
      const now = Date.now();
      const free = (row: FakeWork) =>
        row.endedAt === undefined && row.notBeforeMs <= now && (row.owner === undefined || row.leaseUntil < now);
      const open = [...work.values()].filter(
        (row) => free(row) && kinds.includes(row.kind) && !held.includes(row.id) && !fullTargets.includes(row.target),
      );
      const taken = this.inTurns(open, limit);
      return taken.map((row) => {
        const claimed = { ...row, ...this.mine(leaseMs), fence: row.fence + 1, attempts: row.attempts + 1 };
        work.set(row.id, claimed);
        const { id, kind, target, tenant, body, traceparent, fence, attempts, createdAt } = claimed;
        return {
          id,
          kind,
          target,
          tenant,
          body,
          fence,
          attempts,
          createdAt,
          status: row.status as WorkRow['status'],
          ...(traceparent && { traceparent }),
        };
      });
    });
  }

  markSent(refs: WorkRef[], leaseMs: number): Promise<Map<string, number>> {
    return this.at((tables) => {
      const ours = this.held(tables, refs);
      for (const row of ours)
        tables.work.set(row.id, { ...row, ...this.mine(leaseMs), status: 'SENT', fence: row.fence + 1 });
      return new Map(ours.map(({ id, fence }) => [id, fence + 1]));
    });
  }

  extend(refs: WorkRef[], leaseMs: number): Promise<Set<string>> {
    return this.at((tables) => {
      const ours = this.held(tables, refs);
      for (const row of ours) tables.work.set(row.id, { ...row, ...this.mine(leaseMs) });
      return new Set(ours.map(({ id }) => id));
    });
  }

  release(refs: (WorkRef & { delayMs: number })[]): Promise<void> {
    return this.at((tables) => {
      for (const row of this.held(tables, refs)) {
        const { delayMs } = refs.find(({ id }) => id === row.id)!;
        tables.work.set(row.id, { ...row, ...nobodys, notBeforeMs: Date.now() + delayMs });
      }
    });
  }

  adopt(): Promise<void> {
    return this.at(({ work }) => {
      for (const row of work.values()) {
        if (row.endedAt === undefined && row.instance === this.instance && row.owner !== this.owner)
          work.set(row.id, { ...row, ...nobodys });
      }
    });
  }

  sweep(retentionMs: number): Promise<void> {
    return this.at(({ work }) => {
      for (const row of work.values())
        if (row.endedAt !== undefined && row.endedAt < Date.now() - retentionMs) work.delete(row.id);
    });
  }

  listParked(limit: number, after: string | undefined): Promise<ParkedEntry[]> {
    return this.at(({ parked }) => {
      const later = [...parked.values()].filter(({ id }) => after === undefined || id > after);
      return later
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map(entry);
    });
  }

  getParked(id: string): Promise<ParkedEntry | undefined> {
    return this.at(({ parked }) => {
      const row = parked.get(id);
      return row && entry(row);
    });
  }

  noteParked(id: string, error: string): Promise<void> {
    return this.at(({ parked }) => {
      const row = parked.get(id);
      if (row) parked.set(id, { ...row, lastError: error });
    });
  }

  async peers(): Promise<number> {
    return new Set(this.database.connected.values()).size;
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.database.connected.delete(this.owner);
  }

  private at<T>(run: (tables: FakeTables) => T): Promise<T> {
    return this.database.transact(async (tables) => run(tables));
  }

  /** As the real one: what each tenant has for a target is a turn, and they share evenly, the last served one last. */
  private inTurns(open: FakeWork[], limit: number): FakeWork[] {
    const turnOf = (row: FakeWork) => `${row.kind}\n${row.target}\n${row.tenant}`;
    const all = [...new Set(open.map(turnOf))].sort();
    const ahead = all.filter((turn) => turn > this.lastTurn);
    const served = (ahead.length ? ahead : all).slice(0, limit);
    this.lastTurn = served.length === limit ? served.at(-1)! : '';
    const oldest = open.toSorted((a, b) => a.notBeforeMs - b.notBeforeMs);
    const share = Math.floor(limit / served.length);
    return served.flatMap((turn) => oldest.filter((row) => turnOf(row) === turn).slice(0, share));
  }

  private mine(leaseMs: number) {
    return { instance: this.instance, owner: this.owner, leaseUntil: Date.now() + leaseMs };
  }

  private held({ work }: FakeTables, refs: WorkRef[]): FakeWork[] {
    return refs.flatMap(({ id, fence }) => {
      const row = work.get(id);
      return row && row.fence === fence && row.owner === this.owner && row.endedAt === undefined ? [row] : [];
    });
  }
}

function entry({
  bytes: _,
  offset,
  ...row
}: ParkedRow & { parkedAt: Date; redrivenAt: Date | null; lastError: string | null }): ParkedEntry {
  return { ...row, offset: offset.toString() };
}
