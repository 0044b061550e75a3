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
import { nobodys, offsetName, type FakeTables, type FakeWork } from './fake-database.js';

export const noSql: SqlTx = {
  query: () => Promise.reject(new Error('the fake store has no SQL: read models need the real one')),
};

/** A transaction on a copy of the tables. */
export class FakeTx implements StoreTx {
  readonly sql = noSql;

  constructor(
    private readonly tables: FakeTables,
    private readonly instance: string,
    private readonly owner: string,
  ) {}

  async advance(moves: Move[]): Promise<boolean> {
    const { offsets } = this.tables;
    const possible = moves.filter(({ key, from }) => offsets.get(offsetName(key)) === from);
    for (const { key, to } of possible) offsets.set(offsetName(key), to);
    return possible.length === moves.length;
  }

  async load(keys: string[]): Promise<StateRow[]> {
    // As a text column does.
    if (keys.some((key) => key.includes('\0')))
      throw Object.assign(new Error('invalid byte sequence for encoding "UTF8": 0x00'), { code: '22021' });
    return keys.map((key) => {
      const row = this.tables.states.get(key);
      return { key, rev: row?.rev ?? 0, body: row?.body === undefined ? undefined : (JSON.parse(row.body) as object) };
    });
  }

  async save(rows: StateRow[]): Promise<void> {
    const { states } = this.tables;
    for (const { key, body, rev } of rows) {
      if ((states.get(key)?.rev ?? 0) !== rev) throw new ConflictError('a state row');
      const text = body === undefined ? undefined : storableJson(body);
      states.set(key, { body: text, rev: rev + 1 });
    }
  }

  async addWork(added: NewWork[]): Promise<Set<string>> {
    const { work } = this.tables;
    const inserted = new Set<string>();
    for (const { draft, leaseMs } of added) {
      if (work.has(draft.id)) continue;
      inserted.add(draft.id);
      const held =
        leaseMs === undefined
          ? nobodys
          : { instance: this.instance, owner: this.owner, leaseUntil: Date.now() + leaseMs };
      const claims = leaseMs === undefined ? 0 : 1;
      const notBeforeMs = draft.notBefore?.getTime() ?? Date.now();
      const fresh = {
        status: 'QUEUED',
        fence: claims,
        attempts: claims,
        createdAt: new Date(),
        endedAt: undefined,
        outcome: undefined,
      };
      work.set(draft.id, { ...draft, ...held, ...fresh, notBeforeMs });
    }
    return inserted;
  }

  async cancelWork(ids: string[]): Promise<void> {
    for (const id of ids) {
      const row = this.tables.work.get(id);
      if (row?.status === 'QUEUED' && row.endedAt === undefined)
        this.tables.work.set(id, { ...row, status: 'CANCELLED', endedAt: Date.now(), fence: row.fence + 1 });
    }
  }

  async endWork(ended: EndedWork[]): Promise<Set<string>> {
    return this.change(ended, ({ status, outcome }) => ({ status, outcome, endedAt: Date.now(), leaseUntil: 0 }));
  }

  async deferWork(deferred: DeferredWork[]): Promise<Set<string>> {
    return this.change(deferred, ({ status, notBefore }) => ({ ...nobodys, status, notBeforeMs: notBefore.getTime() }));
  }

  async endedByUs(refs: WorkRef[]): Promise<Set<string>> {
    const ours = refs.filter(({ id, fence }) => {
      const row = this.tables.work.get(id);
      return row?.fence === fence && row.owner === this.owner && row.endedAt !== undefined;
    });
    return new Set(ours.map(({ id }) => id));
  }

  async lateWork(late: EndedWork[]): Promise<void> {
    this.tables.late.push(...late.map(({ id, fence, status, outcome }) => ({ workId: id, fence, status, outcome })));
  }

  async addOutbox({ id, records }: OutboxRow): Promise<void> {
    this.tables.outbox.set(id, { instance: this.instance, owner: this.owner, createdAt: Date.now(), records });
  }

  async park(rows: ParkedRow[]): Promise<void> {
    const { parked } = this.tables;
    for (const row of rows)
      if (!parked.has(row.id)) parked.set(row.id, { ...row, parkedAt: new Date(), redrivenAt: null, lastError: null });
  }

  async lockParked(id: string): Promise<(ParkedRow & { redrivenAt: Date | null }) | undefined> {
    return this.tables.parked.get(id);
  }

  async markRedriven(id: string): Promise<void> {
    const row = this.tables.parked.get(id);
    if (row) this.tables.parked.set(id, { ...row, redrivenAt: new Date(), lastError: null });
  }

  private change<T extends WorkRef>(changes: T[], of: (change: T) => Partial<FakeWork>): Set<string> {
    const changed = new Set<string>();
    for (const change of changes) {
      const row = this.tables.work.get(change.id);
      if (!row || row.fence !== change.fence || row.owner !== this.owner || row.endedAt !== undefined) continue;
      this.tables.work.set(row.id, { ...row, ...of(change) });
      changed.add(row.id);
    }
    return changed;
  }
}
