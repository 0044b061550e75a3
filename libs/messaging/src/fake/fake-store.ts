import { randomBytes } from 'node:crypto';
import type {
  ClaimAsk,
  Close,
  GivenBack,
  Marked,
  OutboxRow,
  ParkedEntry,
  ParkedRow,
  Place,
  Store,
  StoreTx,
  WorkRef,
} from '../ports.js';
import type { SqlTx, WorkRow } from '../stream.js';
import { FakeDatabase, nobodys, offsetName, type FakeWork } from './fake-database.js';
import type { FakeTransaction } from './fake-transaction.js';
import { asked, FakeTx, updateWork, type Connection, type FakeQueries } from './fake-tx.js';
import { direct, type Wire } from './wire.js';

export interface FakeStoreOptions {
  /** Names this life of the instance; made up unless given. */
  owner?: string;
  wire?: Wire;
  /** What the service asks in SQL, by the names of its statements. */
  queries?: FakeQueries;
}

/** The store in memory, with the transactions, fences and leases of the real one. It knows the SQL it was given the meaning of. */
export class FakeStore implements Store {
  readonly sql: SqlTx;
  readonly owner: string;
  private readonly connection: Connection;
  private lastTurn = '';

  constructor(
    readonly database = new FakeDatabase(),
    readonly instance = 'fake-1',
    { owner = `${instance}/${randomBytes(6).toString('hex')}`, wire = direct, queries = {} }: FakeStoreOptions = {},
  ) {
    this.owner = owner;
    this.connection = { database, instance, owner, wire, queries };
    this.sql = {
      query: <R extends object>(name: string, _text: string, values: unknown[]) =>
        this.alone(name, (transaction) => asked(this.connection, name)(transaction, values, database)) as Promise<R[]>,
    };
    database.connected.set(owner, instance);
  }

  now(): Date {
    return new Date(this.nowMs());
  }

  async readClock(): Promise<void> {
    await this.connection.wire('readClock', () => {});
  }

  async transact<T>(run: (tx: StoreTx, close: Close) => Promise<T>): Promise<T> {
    const tx = new FakeTx(this.database.begin(this.owner), this.connection);
    try {
      let last: Promise<unknown> = Promise.resolve();
      let failure: { because: unknown } | undefined;
      let lossy = false;
      const result = await run(tx, (given, { mayBeLost }) => {
        last = given;
        lossy = mayBeLost;
        last.catch((because: unknown) => (failure = { because }));
      });
      // As the real one: what failed before it was sent keeps the commit from being sent behind it.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      if (failure) throw (failure as { because: unknown }).because;
      await Promise.all([tx.commit(lossy), last]);
      return result;
    } catch (error) {
      await tx.rollback();
      throw error;
    }
  }

  async positions(consumer: string, places: (Place & { start: bigint })[]): Promise<(Place & { next: bigint })[]> {
    return this.alone('positions', async (transaction) => {
      const { offsets } = this.database.tables;
      for (const { start, ...place } of places) {
        const key = offsetName({ consumer, ...place });
        if (transaction.get(offsets, key) !== undefined) continue;
        await transaction.lock(offsets, key);
        if (transaction.get(offsets, key) === undefined) transaction.set(offsets, key, start);
      }
      return places.map(({ start: _, ...place }) => ({
        ...place,
        next: transaction.get(offsets, offsetName({ consumer, ...place }))!,
      }));
    });
  }

  leftovers(olderThanMs: number, limit: number): Promise<OutboxRow[]> {
    return this.alone('leftovers', (transaction) => {
      const old = this.nowMs() - olderThanMs;
      return transaction
        .rows(this.database.tables.outbox)
        .filter(([, row]) => (row.instance === this.instance && row.owner !== this.owner) || row.createdAt < old)
        .slice(0, limit)
        .map(([id, { records }]) => ({ id, records }));
    });
  }

  forget(outboxIds: string[]): Promise<void> {
    const { outbox } = this.database.tables;
    return this.alone('forget', (transaction) => remove(transaction, outbox, outboxIds), true);
  }

  claim({ kinds, limit, leaseMs, fullTargets, only, held }: ClaimAsk): Promise<WorkRow[]> {
    return this.alone('claim', async (transaction) => {
      const { work } = this.database.tables;
      const now = this.nowMs();
      const free = (row: FakeWork) =>
        row.endedAt === undefined && row.notBeforeMs <= now && (row.owner === undefined || row.leaseUntil < now);
      const open = [...work.values()].filter(
        (row) =>
          free(row) &&
          kinds.includes(row.kind) &&
          !held.includes(row.id) &&
          !fullTargets.includes(row.target) &&
          (only === undefined || row.target === only) &&
          transaction.isFree(work, row.id),
      );
      const taken = this.inTurns(open, limit);
      for (const row of taken) await transaction.lock(work, row.id);
      return taken.map((row) => {
        const claimed = { ...row, ...this.mine(leaseMs), fence: row.fence + 1, attempts: row.attempts + 1 };
        transaction.set(work, row.id, claimed);
        return workRow(claimed);
      });
    });
  }

  markSent(refs: WorkRef[], leaseMs: number): Promise<Map<string, Marked>> {
    return this.alone('markSent', async (transaction) => {
      const ours = await this.updateOurs(transaction, refs, (row) => ({
        ...{ ...this.mine(leaseMs), status: 'SENT', fence: row.fence + 1 },
        sentAt: row.sentAt ?? new Date(this.nowMs()),
      }));
      return new Map(ours.map(({ id, fence, sentAt }) => [id, { fence, sentAt: sentAt! }]));
    });
  }

  extend(refs: WorkRef[], leaseMs: number): Promise<Set<string>> {
    return this.alone('extend', async (transaction) => {
      const ours = await this.updateOurs(transaction, refs, () => this.mine(leaseMs));
      return new Set(ours.map(({ id }) => id));
    });
  }

  release(refs: GivenBack[]): Promise<void> {
    return this.alone('release', async (transaction) => {
      const given = new Map(refs.map((ref) => [ref.id, ref]));
      const now = this.nowMs();
      await this.updateOurs(transaction, refs, ({ id, attempts }) => {
        const { delayMs, unbegun } = given.get(id)!;
        return { ...nobodys, notBeforeMs: now + delayMs, attempts: attempts - (unbegun ? 1 : 0) };
      });
    });
  }

  adopt(): Promise<void> {
    return this.alone('adopt', async (transaction) => {
      const isFormers = (row: FakeWork) =>
        row.endedAt === undefined && row.instance === this.instance && row.owner !== this.owner;
      for (const id of [...this.database.tables.work.keys()])
        await updateWork(transaction, this.database, id, isFormers, () => nobodys);
    });
  }

  sweep(retentionMs: number): Promise<void> {
    return this.alone(
      'sweep',
      async (transaction) => {
        const { work } = this.database.tables;
        const old = this.nowMs() - retentionMs;
        const ended = [...work.values()].filter(({ endedAt }) => endedAt !== undefined && endedAt < old);
        await remove(
          transaction,
          work,
          ended.map(({ id }) => id),
        );
      },
      true,
    );
  }

  listParked(limit: number, after: string | undefined): Promise<ParkedEntry[]> {
    return this.alone('listParked', () => {
      const later = [...this.database.tables.parked.values()].filter(({ id }) => after === undefined || id > after);
      return later
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map(entry);
    });
  }

  getParked(id: string): Promise<ParkedEntry | undefined> {
    return this.alone('getParked', () => {
      const row = this.database.tables.parked.get(id);
      return row && entry(row);
    });
  }

  noteParked(id: string, error: string): Promise<void> {
    return this.alone('noteParked', async (transaction) => {
      const { parked } = this.database.tables;
      await transaction.lock(parked, id);
      const row = transaction.get(parked, id);
      if (row) transaction.set(parked, id, { ...row, lastError: error });
    });
  }

  async peers(): Promise<number> {
    return new Set(this.database.connected.values()).size;
  }

  async ping(): Promise<void> {
    await this.connection.wire('ping', () => {});
  }

  async stop(): Promise<void> {
    this.database.connected.delete(this.owner);
  }

  private alone<T>(what: string, run: (transaction: FakeTransaction) => T | Promise<T>, mayBeLost = false): Promise<T> {
    return this.connection.wire(what, () => this.database.alone(this.owner, run, mayBeLost));
  }

  private nowMs(): number {
    return this.database.clock();
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
    return { instance: this.instance, owner: this.owner, leaseUntil: this.nowMs() + leaseMs };
  }

  /** Of these the rows that are still ours, as they are after it. */
  private async updateOurs(
    transaction: FakeTransaction,
    refs: WorkRef[],
    to: (row: FakeWork) => Partial<FakeWork>,
  ): Promise<FakeWork[]> {
    const { work } = this.database.tables;
    const ours: FakeWork[] = [];
    for (const ref of refs.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
      const isOurs = (row: FakeWork) =>
        row.fence === ref.fence && row.owner === this.owner && row.endedAt === undefined;
      if (await updateWork(transaction, this.database, ref.id, isOurs, to)) ours.push(transaction.get(work, ref.id)!);
    }
    return ours;
  }
}

async function remove<V>(transaction: FakeTransaction, table: Map<string, V>, ids: string[]): Promise<void> {
  const from = table as Parameters<FakeTransaction['lock']>[0];
  for (const id of ids.filter((id) => table.has(id))) {
    await transaction.lock(from, id);
    transaction.set(from, id, undefined);
  }
}

function workRow({ id, kind, target, tenant, body, fence, attempts, createdAt, ...more }: FakeWork): WorkRow {
  const { traceparent, sentAt } = more;
  const row = { id, kind, target, tenant, body, fence, attempts, createdAt, status: more.status as WorkRow['status'] };
  return { ...row, ...(traceparent && { traceparent }), ...(sentAt && { sentAt }) };
}

function entry({
  bytes: _,
  offset,
  ...row
}: ParkedRow & { parkedAt: Date; redrivenAt: Date | null; lastError: string | null }): ParkedEntry {
  return { ...row, offset: offset.toString() };
}
