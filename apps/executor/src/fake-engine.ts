import { controlRowsIn } from '@countersign/control';
import type { AdvisorySession, FakeDatabase, FakeQueries, Wire } from '@countersign/messaging';
import type { DrainConnection } from './drain.js';
import type { ReadingRow } from './opening.js';
import { FLIGHT_MS, LOCK_NOT_AVAILABLE, type LockConnection, type Taken } from './send-lock.js';

/** What READING_SQL answers. */
const reading = (database: FakeDatabase): ReadingRow => ({
  now: String(database.clock()),
  rows: controlRowsIn(database.tables.states).map(({ body }) => body),
});

/** What was sent and has no known end. */
function unknownEnds({ tables }: FakeDatabase): object[] {
  const rows = [...tables.work.values()];
  const settled = new Set(rows.filter(({ status }) => status === 'RESOLVED').map(({ id }) => id.split('/')[0]));
  return rows
    .filter(({ kind }) => kind === 'grant')
    .filter(({ id, status, endedAt }) =>
      endedAt === undefined ? status === 'SENT' : status === 'IN_DOUBT' && !settled.has(id),
    )
    .map(({ body }) => ({ warrant: (body as { warrant: string }).warrant }));
}

/** The meaning of the executor's SQL on the fake database. */
export const fakeQueries: FakeQueries = {
  gate: (_, __, database) => [reading(database)],
  clock: (_, __, database) => [{ now: String(database.clock()) }],
  'unknown-ends': (_, __, database) => unknownEnds(database),
};

const LOCK = 'sends';
const SHARED_TIMEOUT_MS = 5_000;
const DRAIN_TIMEOUT_MS = FLIGHT_MS + 150;
/** `idle_session_timeout` of a drain's connection. */
const DRAIN_IDLE_MS = 500;

const unavailable = () =>
  Object.assign(new Error('canceling statement due to lock timeout'), { code: LOCK_NOT_AVAILABLE });

/** Where the locks are, and what lies between. */
export interface FakeLockParts {
  owner: string;
  database: FakeDatabase;
  wire: Wire;
  /** In so many ms, on the server's clock. Answers how to call it off. */
  after(ms: number, run: () => void): () => void;
}

/** Since when a connection has done nothing. */
const idleSince = new WeakMap<AdvisorySession, number>();

async function takeWithin(parts: FakeLockParts, session: AdvisorySession, mode: 'shared' | 'exclusive', ms: number) {
  const cancel = parts.after(ms, () => session.giveUp(unavailable()));
  try {
    await session.take(LOCK, mode);
  } finally {
    cancel();
    idleSince.set(session, parts.database.clock());
  }
}

/** The lock of the senders in the fake database: see `SendLock`. `tell` brings its end to the process that holds it. */
export class FakeSharedLock implements LockConnection {
  isLost = false;
  onLost: () => void = () => {};
  private readonly session: AdvisorySession;

  constructor(
    private readonly parts: FakeLockParts,
    tell: (run: () => void) => void = (run) => run(),
  ) {
    this.session = parts.database.locks.connect(parts.owner);
    this.session.onEnd = () =>
      tell(() => {
        this.isLost = true;
        this.onLost();
      });
  }

  async take(): Promise<Taken> {
    const { database, wire } = this.parts;
    return wire('take the lock', async () => {
      const asked = database.clock();
      await takeWithin(this.parts, this.session, 'shared', SHARED_TIMEOUT_MS);
      return { asked, read: reading(database) };
    });
  }

  letGo(): void {
    this.parts.wire('let the lock go', () => this.session.letGo(LOCK)).catch(() => this.close());
  }

  close(): void {
    this.isLost = true;
    void this.parts.wire('close the lock', () => this.session.end()).catch(() => this.session.end());
    this.onLost();
  }
}

/** See `drained`. */
export function fakeDrain(parts: FakeLockParts): DrainConnection {
  const { owner, database, wire, after } = parts;
  const session = database.locks.connect(owner);
  return {
    take: () =>
      wire('drain', async () => {
        await takeWithin(parts, session, 'exclusive', DRAIN_TIMEOUT_MS);
        after(DRAIN_IDLE_MS, () => session.end());
      }),
    endHolders: () =>
      wire('end the holders', () => {
        const stale = database.locks
          .sharing(LOCK)
          .filter((holder) => (idleSince.get(holder) ?? 0) < database.clock() - FLIGHT_MS);
        for (const holder of stale) holder.end();
        return stale.length;
      }),
    end: async () => session.end(),
  };
}
