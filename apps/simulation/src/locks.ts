import {
  FLIGHT_MS,
  LOCK_NOT_AVAILABLE,
  type DrainConnection,
  type LockConnection,
  type Taken,
} from '@countersign/executor/parts';
import type { AdvisorySession, FakeDatabase } from '@countersign/messaging';
import type { VirtualClock } from './clock.js';
import type { Network } from './network.js';
import { reading } from './queries.js';

const LOCK = 'sends';
const SHARED_TIMEOUT_MS = 5_000;
const DRAIN_TIMEOUT_MS = FLIGHT_MS + 150;

/** `idle_session_timeout` of a drain's connection. */
const DRAIN_IDLE_MS = 500;

const unavailable = () =>
  Object.assign(new Error('canceling statement due to lock timeout'), { code: LOCK_NOT_AVAILABLE });

/** Since when a connection has done nothing. */
const idleSince = new WeakMap<AdvisorySession, number>();

async function takeWithin(clock: VirtualClock, session: AdvisorySession, mode: 'shared' | 'exclusive', ms: number) {
  const cancel = clock.after(ms, () => session.giveUp(unavailable()));
  try {
    await session.take(LOCK, mode);
  } finally {
    cancel();
    idleSince.set(session, clock.now());
  }
}

/** The lock of the senders in the fake database: see `SendLock`. */
export class SharedLock implements LockConnection {
  isLost = false;
  onLost: () => void = () => {};
  private readonly session: AdvisorySession;

  constructor(
    owner: string,
    private readonly database: FakeDatabase,
    private readonly clock: VirtualClock,
    private readonly network: Network,
    tell: (run: () => void) => void,
  ) {
    this.session = database.locks.connect(owner);
    this.session.onEnd = () =>
      tell(() => {
        this.isLost = true;
        this.onLost();
      });
  }

  async take(): Promise<Taken> {
    return this.network.wire('take the lock', async () => {
      const asked = this.database.clock();
      await takeWithin(this.clock, this.session, 'shared', SHARED_TIMEOUT_MS);
      return { asked, read: reading(this.database) as Taken['read'] };
    });
  }

  letGo(): void {
    this.network.wire('let the lock go', () => this.session.letGo(LOCK)).catch(() => this.close());
  }

  close(): void {
    this.isLost = true;
    void this.network.wire('close the lock', () => this.session.end()).catch(() => this.session.end());
    this.onLost();
  }
}

/** See `drained`. */
export function drainConnection(
  owner: string,
  database: FakeDatabase,
  clock: VirtualClock,
  network: Network,
): DrainConnection {
  const session = database.locks.connect(owner);
  return {
    take: () =>
      network.wire('drain', async () => {
        await takeWithin(clock, session, 'exclusive', DRAIN_TIMEOUT_MS);
        clock.after(DRAIN_IDLE_MS, () => session.end());
      }),
    endHolders: () =>
      network.wire('end the holders', () => {
        const stale = database.locks
          .sharing(LOCK)
          .filter((holder) => (idleSince.get(holder) ?? 0) < database.clock() - FLIGHT_MS);
        for (const holder of stale) holder.end();
        return stale.length;
      }),
    end: async () => session.end(),
  };
}
