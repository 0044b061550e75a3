/** Rows by key, and who holds which. */
export class Table<V> extends Map<string, V> {
  readonly locks = new Map<string, RowLock>();
}

interface RowLock {
  holder: FakeTransaction;
  waiting: Waiting[];
}

interface Waiting {
  by: FakeTransaction;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Takes back what a commit changed in one row. */
export type Undo = () => void;

class SqlError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const ended = () => new SqlError('25P03', 'the connection of this transaction was ended');

/** One transaction at READ COMMITTED: what it wrote is seen by itself alone until it commits; its rows are held until it ends. */
export class FakeTransaction {
  private readonly held: [Table<unknown>, string][] = [];
  private readonly pending = new Map<Table<unknown>, Map<string, unknown>>();
  private readonly onCommit: (() => void)[] = [];
  private waitsFor: RowLock | undefined;
  private waiting: Waiting | undefined;
  private over = false;

  /** `onEnd` is told how to take back what was committed; nothing after a rollback. */
  constructor(private readonly onEnd: (undo: Undo[] | undefined, mayBeLost: boolean) => void) {}

  get<V>(table: Table<V>, key: string): V | undefined {
    const own = this.pending.get(table);
    return own?.has(key) ? (own.get(key) as V | undefined) : table.get(key);
  }

  /** What is committed, or written by this very transaction. */
  rows<V>(table: Table<V>): [string, V][] {
    const own = this.pending.get(table);
    if (!own) return [...table];
    const keys = new Set([...table.keys(), ...own.keys()]);
    return [...keys].flatMap((key) => {
      const row = this.get(table, key);
      return row === undefined ? [] : [[key, row] as [string, V]];
    });
  }

  isFree(table: Table<unknown>, key: string): boolean {
    const lock = table.locks.get(key);
    return !lock || lock.holder === this;
  }

  /** Holds a row, there or not, until the end. Waits for whoever holds it; throws 40P01 where that one waits for this one. */
  async lock(table: Table<unknown>, key: string): Promise<void> {
    this.assertOpen();
    const lock = table.locks.get(key);
    if (lock?.holder === this) return;
    if (!lock) {
      const free: RowLock = { holder: this, waiting: [] };
      table.locks.set(key, free);
      this.granted(table, key, free);
    } else await this.awaited(lock);
    this.assertOpen();
  }

  /** Of a row it holds. */
  set<V>(table: Table<V>, key: string, row: V | undefined): void {
    this.assertOpen();
    if (table.locks.get(key)?.holder !== this) throw new Error(`the row ${key} is not held`);
    let own = this.pending.get(table);
    if (!own) this.pending.set(table, (own = new Map()));
    own.set(key, row);
  }

  /** Done with the commit, and only then. */
  afterwards(run: () => void): void {
    this.onCommit.push(run);
  }

  commit(mayBeLost = false): void {
    this.assertOpen();
    const undo: Undo[] = [];
    for (const [table, rows] of this.pending) for (const [key, row] of rows) undo.push(put(table, key, row));
    for (const run of this.onCommit) run();
    // What changed nothing needs no disk, and says nothing about what others wrote before.
    this.end(undo, mayBeLost || undo.length === 0);
  }

  rollback(): void {
    if (!this.over) this.end(undefined, false);
  }

  private end(undo: Undo[] | undefined, mayBeLost: boolean): void {
    this.over = true;
    const { waitsFor, waiting } = this;
    if (waiting && waitsFor) {
      waitsFor.waiting = waitsFor.waiting.filter((one) => one !== waiting);
      waiting.reject(ended());
    }
    for (const [table, key] of this.held) this.pass(table, key);
    this.onEnd(undo, mayBeLost);
  }

  private assertOpen(): void {
    if (this.over) throw ended();
  }

  /** The row is its own now. */
  private granted(table: Table<unknown>, key: string, lock: RowLock): void {
    lock.holder = this;
    this.held.push([table, key]);
  }

  /** To whoever has waited longest. */
  private pass(table: Table<unknown>, key: string): void {
    const lock = table.locks.get(key)!;
    const next = lock.waiting.shift();
    if (!next) return void table.locks.delete(key);
    next.by.granted(table, key, lock);
    next.resolve();
  }

  private async awaited(lock: RowLock): Promise<void> {
    for (let at: RowLock | undefined = lock; at; at = at.holder.waitsFor)
      if (at.holder === this) throw new SqlError('40P01', 'deadlock detected');
    this.waitsFor = lock;
    try {
      await new Promise<void>((resolve, reject) => {
        this.waiting = { by: this, resolve, reject };
        lock.waiting.push(this.waiting);
      });
    } finally {
      this.waitsFor = undefined;
      this.waiting = undefined;
    }
  }
}

function put(table: Table<unknown>, key: string, row: unknown): Undo {
  const existed = table.has(key);
  const before = table.get(key);
  if (row === undefined) table.delete(key);
  else table.set(key, row);
  return () => void (existed ? table.set(key, before) : table.delete(key));
}
