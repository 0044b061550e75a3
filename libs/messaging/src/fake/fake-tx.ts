import { ConflictError } from '../errors.js';
import type {
  DeferredWork,
  EndedWork,
  Move,
  NewWork,
  OutboxRow,
  ParkedRow,
  StateRow,
  StoreTx,
  WorkRef,
} from '../ports.js';
import { storableJson } from '../storable.js';
import type { SqlTx } from '../stream.js';
import { nobodys, offsetName, type FakeDatabase, type FakeWork } from './fake-database.js';
import type { FakeTransaction } from './fake-transaction.js';
import type { Wire } from './wire.js';

/** A statement of a service's own, by the name it is prepared under. */
export type FakeQuery = (
  transaction: FakeTransaction,
  values: unknown[],
  database: FakeDatabase,
) => object[] | Promise<object[]>;
export type FakeQueries = Readonly<Record<string, FakeQuery>>;

/** Where a transaction's statements go. */
export interface Connection {
  database: FakeDatabase;
  instance: string;
  owner: string;
  wire: Wire;
  queries: FakeQueries;
}

/** The statements of one transaction: one after the other, as on one connection, and none after one that failed. */
export class FakeTx implements StoreTx {
  readonly sql: SqlTx;
  private line: Promise<unknown> = Promise.resolve();
  private failure: { because: unknown } | undefined;

  constructor(
    private readonly transaction: FakeTransaction,
    private readonly connection: Connection,
  ) {
    this.sql = {
      query: <R extends object>(name: string, _text: string, values: unknown[]) =>
        this.statement(name, () => asked(connection, name)(transaction, values, connection.database)) as Promise<R[]>,
    };
  }

  commit(mayBeLost: boolean): Promise<void> {
    return this.statement('commit', () => this.transaction.commit(mayBeLost));
  }

  /** Once what was sent before has ended. */
  async rollback(): Promise<void> {
    await this.line;
    this.transaction.rollback();
  }

  advance(moves: Move[]): Promise<boolean> {
    return this.statement('advance', async () => {
      const { offsets } = this.tables;
      let moved = 0;
      for (const { key, from, to } of moves) {
        const name = offsetName(key);
        await this.transaction.lock(offsets, name);
        if (this.transaction.get(offsets, name) !== from) continue;
        this.transaction.set(offsets, name, to);
        moved++;
      }
      return moved === moves.length;
    });
  }

  load(keys: string[]): Promise<StateRow[]> {
    return this.statement('load', async () => {
      // As a text column does.
      if (keys.some((key) => key.includes('\0')))
        throw Object.assign(new Error('invalid byte sequence for encoding "UTF8": 0x00'), { code: '22021' });
      const { states } = this.tables;
      // What is not committed yet is not there, and not waited for: whoever saves it meanwhile makes `save` fail.
      const there = keys.filter((key) => this.transaction.get(states, key)).toSorted();
      for (const key of there) await this.transaction.lock(states, key);
      return keys.map((key) => {
        const row = there.includes(key) ? this.transaction.get(states, key) : undefined;
        const body = row?.body === undefined ? undefined : (JSON.parse(row.body) as object);
        return { key, rev: row?.rev ?? 0, body };
      });
    });
  }

  save(rows: StateRow[]): Promise<void> {
    return this.statement('save', async () => {
      const { states } = this.tables;
      for (const { key, body, rev } of rows.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
        await this.transaction.lock(states, key);
        if ((this.transaction.get(states, key)?.rev ?? 0) !== rev) throw new ConflictError('a state row');
        const text = body === undefined ? undefined : storableJson(body);
        this.transaction.set(states, key, { body: text, rev: rev + 1 });
      }
    });
  }

  addWork(added: NewWork[]): Promise<Set<string>> {
    return this.statement('addWork', async () => {
      const { work } = this.tables;
      const inserted = new Set<string>();
      for (const one of added.toSorted((a, b) => (a.draft.id < b.draft.id ? -1 : 1))) {
        const { id } = one.draft;
        if (this.transaction.get(work, id)) continue;
        await this.transaction.lock(work, id);
        if (this.transaction.get(work, id)) continue;
        this.transaction.set(work, id, this.newRow(one));
        inserted.add(id);
      }
      return inserted;
    });
  }

  cancelWork(ids: string[]): Promise<void> {
    return this.statement('cancelWork', async () => {
      const isOpen = (row: FakeWork) => row.status === 'QUEUED' && row.endedAt === undefined;
      const endedAt = this.now();
      for (const id of ids)
        await this.update(id, isOpen, (row) => ({ status: 'CANCELLED', endedAt, fence: row.fence + 1 }));
    });
  }

  endWork(ended: EndedWork[]): Promise<Set<string>> {
    const endedAt = () => this.now();
    return this.change('endWork', ended, ({ status, outcome }) => ({
      ...{ status, outcome: stored(outcome), endedAt: endedAt(), leaseUntil: 0 },
    }));
  }

  deferWork(deferred: DeferredWork[]): Promise<Set<string>> {
    return this.change('deferWork', deferred, ({ status, inMs }) => ({
      ...{ ...nobodys, status, notBeforeMs: this.now() + inMs },
    }));
  }

  endedByUs(refs: WorkRef[]): Promise<Set<string>> {
    return this.statement('endedByUs', () => {
      const ours = refs.filter(({ id, fence }) => {
        const row = this.transaction.get(this.tables.work, id);
        return row?.fence === fence && row.owner === this.connection.owner && row.endedAt !== undefined;
      });
      return new Set(ours.map(({ id }) => id));
    });
  }

  lateWork(late: EndedWork[]): Promise<void> {
    const rows = late.map(({ id, fence, status, outcome }) => ({ workId: id, fence, status, outcome }));
    return this.statement('lateWork', () => this.transaction.afterwards(() => this.tables.late.push(...rows)));
  }

  addOutbox({ id, records }: OutboxRow): Promise<void> {
    return this.statement('addOutbox', async () => {
      const { instance, owner } = this.connection;
      await this.transaction.lock(this.tables.outbox, id);
      this.transaction.set(this.tables.outbox, id, { instance, owner, createdAt: this.now(), records });
    });
  }

  park(rows: ParkedRow[]): Promise<void> {
    return this.statement('park', async () => {
      const { parked } = this.tables;
      for (const row of rows) {
        await this.transaction.lock(parked, row.id);
        if (this.transaction.get(parked, row.id)) continue;
        const fresh = { parkedAt: new Date(this.now()), redrivenAt: null, lastError: null };
        this.transaction.set(parked, row.id, { ...row, ...fresh });
      }
    });
  }

  lockParked(id: string): Promise<(ParkedRow & { redrivenAt: Date | null }) | undefined> {
    return this.statement('lockParked', async () => {
      const { parked } = this.tables;
      if (this.transaction.get(parked, id)) await this.transaction.lock(parked, id);
      return this.transaction.get(parked, id);
    });
  }

  markRedriven(id: string): Promise<void> {
    return this.statement('markRedriven', async () => {
      const { parked } = this.tables;
      await this.transaction.lock(parked, id);
      const row = this.transaction.get(parked, id);
      if (row) this.transaction.set(parked, id, { ...row, redrivenAt: new Date(this.now()), lastError: null });
    });
  }

  private get tables() {
    return this.connection.database.tables;
  }

  private now(): number {
    return this.connection.database.clock();
  }

  /** In the order called; everything after a failure fails because of it. */
  private statement<T>(what: string, run: () => T | Promise<T>): Promise<T> {
    const answer = this.line.then(async () => {
      if (this.failure) throw this.failure.because;
      try {
        return await this.connection.wire(what, run);
      } catch (because) {
        this.failure = { because };
        throw because;
      }
    });
    this.line = answer.catch(() => {});
    return answer;
  }

  private newRow({ draft, leaseMs }: NewWork): FakeWork {
    const { instance, owner } = this.connection;
    const now = this.now();
    const held = leaseMs === undefined ? nobodys : { instance, owner, leaseUntil: now + leaseMs };
    const claims = leaseMs === undefined ? 0 : 1;
    return {
      ...{ ...draft, body: stored(draft.body), ...held, status: 'QUEUED', fence: claims, attempts: claims },
      ...{ createdAt: new Date(now), sentAt: undefined, endedAt: undefined, outcome: undefined },
      notBeforeMs: draft.notBefore?.getTime() ?? now,
    };
  }

  private change<T extends WorkRef>(
    what: string,
    changes: T[],
    of: (change: T) => Partial<FakeWork>,
  ): Promise<Set<string>> {
    return this.statement(what, async () => {
      const changed = new Set<string>();
      for (const one of changes.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
        const isOurs = (row: FakeWork) =>
          row.fence === one.fence && row.owner === this.connection.owner && row.endedAt === undefined;
        if (await this.update(one.id, isOurs, () => of(one))) changed.add(one.id);
      }
      return changed;
    });
  }

  /** As an UPDATE does: looks, waits for the row where it fits, and looks again. */
  private async update(
    id: string,
    fits: (row: FakeWork) => boolean,
    to: (row: FakeWork) => Partial<FakeWork>,
  ): Promise<boolean> {
    return updateWork(this.transaction, this.connection.database, id, fits, to);
  }
}

export async function updateWork(
  transaction: FakeTransaction,
  { tables: { work } }: FakeDatabase,
  id: string,
  fits: (row: FakeWork) => boolean,
  to: (row: FakeWork) => Partial<FakeWork>,
): Promise<boolean> {
  const seen = transaction.get(work, id);
  if (!seen || !fits(seen)) return false;
  await transaction.lock(work, id);
  const row = transaction.get(work, id);
  if (!row || !fits(row)) return false;
  transaction.set(work, id, { ...row, ...to(row) });
  return true;
}

export function asked({ queries }: Connection, name: string): FakeQuery {
  const query = queries[name];
  if (!query) throw new Error(`the fake store was not given the query "${name}": read models need the real one`);
  return query;
}

/** As it comes back out of a JSON column. */
const stored = <T>(value: T): T => (value === undefined ? value : (JSON.parse(storableJson(value)) as T));
