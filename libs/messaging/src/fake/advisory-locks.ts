type Mode = 'shared' | 'exclusive';

interface Holder {
  session: AdvisorySession;
  mode: Mode;
}
interface Waiting extends Holder {
  resolve: () => void;
  reject: (error: Error) => void;
}

interface Lock {
  holders: Holder[];
  queue: Waiting[];
}

/** PostgreSQL's advisory locks: of a session, shared or exclusive, first come first served, gone with the connection. */
export class AdvisoryLocks {
  private readonly locks = new Map<string, Lock>();
  private readonly sessions = new Set<AdvisorySession>();

  connect(owner: string): AdvisorySession {
    const session = new AdvisorySession(owner, this);
    this.sessions.add(session);
    return session;
  }

  /** The sessions that share it. */
  sharing(name: string): AdvisorySession[] {
    return (this.locks.get(name)?.holders ?? []).flatMap(({ session, mode }) => (mode === 'shared' ? [session] : []));
  }

  /** Ends the connections of an owner, or all. */
  sever(owner?: string): void {
    for (const session of [...this.sessions]) if (owner === undefined || session.owner === owner) session.end();
  }

  take(session: AdvisorySession, name: string, mode: Mode): Promise<void> {
    if (session.ended) return Promise.reject(new Error('the connection is lost'));
    const lock = this.locks.get(name) ?? { holders: [], queue: [] };
    this.locks.set(name, lock);
    return new Promise((resolve, reject) => {
      lock.queue.push({ session, mode, resolve, reject });
      admit(lock);
    });
  }

  letGo(session: AdvisorySession, name: string): void {
    const lock = this.locks.get(name);
    const at = lock?.holders.findIndex((one) => one.session === session) ?? -1;
    if (!lock || at < 0) return;
    lock.holders.splice(at, 1);
    admit(lock);
  }

  /** What it waits for, it waits for no longer. */
  giveUp(session: AdvisorySession, because: Error): void {
    for (const lock of this.locks.values()) {
      const given = lock.queue.filter((one) => one.session === session);
      lock.queue = lock.queue.filter((one) => one.session !== session);
      for (const { reject } of given) reject(because);
      admit(lock);
    }
  }

  gone(session: AdvisorySession): void {
    this.sessions.delete(session);
    for (const lock of this.locks.values()) lock.holders = lock.holders.filter((one) => one.session !== session);
    this.giveUp(session, new Error('the connection is lost'));
  }
}

function admit(lock: Lock): void {
  for (let next = lock.queue[0]; next && fits(lock.holders, next.mode); next = lock.queue[0]) {
    lock.queue.shift();
    lock.holders.push(next);
    next.resolve();
  }
}

const fits = (holders: Holder[], mode: Mode) =>
  mode === 'exclusive' ? holders.length === 0 : holders.every((one) => one.mode === 'shared');

/** One connection, as far as advisory locks go. */
export class AdvisorySession {
  ended = false;
  onEnd: () => void = () => {};

  constructor(
    readonly owner: string,
    private readonly locks: AdvisoryLocks,
  ) {}

  /** Waits behind those who came before. */
  take(name: string, mode: Mode): Promise<void> {
    return this.locks.take(this, name, mode);
  }

  letGo(name: string): void {
    this.locks.letGo(this, name);
  }

  giveUp(because: Error): void {
    this.locks.giveUp(this, because);
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.locks.gone(this);
    this.onEnd();
  }
}
