import pg from 'pg';
import { CLOCK_BOUND_MS, Opening, READING_SQL, readingOf, SEND_WINDOW_MS, type ReadingRow } from './opening.js';

/*
 * The lock that every round which commits shares, and that the drain of a change takes for itself (`drain.ts`).
 *
 *  1  What a flight goes by (switches, stages, time) was read after the lock was had: a change that is not in it waits for the flight.
 *  2  The connection is the lock: it is of no pool that would give it to others, and once it is lost the flight is over. What was not
 *     sent by then is not sent.
 *  3  The lock is let go when all that was sent is answered, or can begin no more: never later than the window and the clocks' bound.
 */
export interface Flight {
  opening: Opening;
  /** Aborts when the lock was lost. */
  lost: AbortSignal;
  /** Lets the lock go when these have settled, or could begin no more. */
  land(sends: Promise<unknown>[]): void;
}

/** Two numbers name an advisory lock of a database. */
export const LOCK = [1_129_532_491, 1] as const;
/** How long a flight may stay on after what it goes by was read. */
export const FLIGHT_MS = SEND_WINDOW_MS + CLOCK_BOUND_MS;

const TAKE = {
  name: 'take',
  text: `select (extract(epoch from clock_timestamp()) * 1000)::text as asked, pg_advisory_lock_shared(${LOCK.join(', ')})`,
};
const READ = { name: 'read', text: READING_SQL };
const LET_GO = { name: 'let-go', text: `select pg_advisory_unlock_shared(${LOCK.join(', ')})` };
export const LOCK_NOT_AVAILABLE = '55P03';
/** Drains end long before; a round that waits in vain gives its rows back. */
const LOCK_TIMEOUT_MS = 5_000;
const KEPT = 8;

/** `asked`: the database's time, in ms, when the lock was asked for. */
export interface Taken {
  asked: number;
  read: ReadingRow;
}

/** What guarantee 2 is about. */
export interface LockConnection {
  readonly isLost: boolean;
  onLost: () => void;
  /** Shares the lock, then reads what the flight goes by, in one round trip. Throws `LOCK_NOT_AVAILABLE` after waiting in vain. */
  take(): Promise<Taken>;
  letGo(): void;
  close(): void;
}
/** Opens a connection under a name. */
export type LockConnect = (databaseUrl: string, name: string) => Promise<LockConnection>;

export class SendLock {
  private readonly idle: LockConnection[] = [];
  private closed = false;

  constructor(
    private readonly databaseUrl: string,
    private readonly instance: string,
    private readonly connect: LockConnect = Connection.open,
  ) {}

  /** Waits while a drain has the lock, or waits for it. */
  async take(): Promise<Flight> {
    for (;;) {
      const kept = this.idle.pop();
      const connection = kept ?? (await this.connect(this.databaseUrl, `sends of ${this.instance}`));
      try {
        const at = performance.now();
        return this.flight(connection, openingOf(await connection.take(), at));
      } catch (error) {
        connection.close();
        // One that was kept may have broken unnoticed: another is tried.
        if (!kept || (error as { code?: string }).code === LOCK_NOT_AVAILABLE) throw error;
      }
    }
  }

  private flight(connection: LockConnection, opening: Opening): Flight {
    const lost = new AbortController();
    connection.onLost = () => lost.abort();
    if (connection.isLost) lost.abort();
    return { opening, lost: lost.signal, land: (sends) => void this.land(connection, opening, sends) };
  }

  close(): void {
    this.closed = true;
    for (const connection of this.idle.splice(0)) connection.close();
  }

  /** Guarantee 3. */
  private async land(connection: LockConnection, opening: Opening, sends: Promise<unknown>[]): Promise<void> {
    const over = new AbortController();
    await Promise.race([Promise.allSettled(sends), waited(FLIGHT_MS - opening.age(), over.signal)]);
    over.abort();
    connection.onLost = () => this.drop(connection);
    if (connection.isLost || this.closed || this.idle.length >= KEPT) return connection.close();
    connection.letGo();
    this.idle.push(connection);
  }

  private drop(connection: LockConnection): void {
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
  }
}

class Connection implements LockConnection {
  isLost = false;
  onLost: () => void = () => {};

  private constructor(private readonly client: pg.Client) {
    const lost = () => {
      this.isLost = true;
      this.onLost();
    };
    client.on('error', lost).on('end', lost);
  }

  static async open(connectionString: string, name: string): Promise<Connection> {
    const client = new pg.Client({
      connectionString,
      application_name: name,
      options: `-c lock_timeout=${LOCK_TIMEOUT_MS}`,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      pipeline: true,
    });
    const connection = new Connection(client);
    await client.connect();
    return connection;
  }

  /** The second statement's snapshot is of after the lock. */
  async take(): Promise<Taken> {
    const [taken, read] = await Promise.all([
      this.client.query<{ asked: string }>(TAKE),
      this.client.query<ReadingRow>(READ),
    ]);
    return { asked: Number(taken.rows[0]!.asked), read: read.rows[0]! };
  }

  /** Not waited for: whoever takes the connection next is behind it. What fails here ends the connection, and the lock with it. */
  letGo(): void {
    this.client.query(LET_GO).catch(() => this.close());
  }

  close(): void {
    this.isLost = true;
    void this.client.end().catch(() => {}); // the lock is gone with the connection either way
    this.onLost();
  }
}

/** How long the lock was waited for is told by the database, so the waiting is not taken for age. */
function openingOf({ asked, read }: Taken, at: number): Opening {
  return new Opening(readingOf(read, at + Math.max(0, Number(read.now) - asked)));
}

function waited(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
