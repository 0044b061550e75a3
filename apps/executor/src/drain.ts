import pg from 'pg';
import { killScopesOf, type ControlTarget } from '@countersign/contracts';
import type { Round, SqlTx, Worker, WorkRow } from '@countersign/messaging';
import { decideDrained } from './decide.js';
import { FLIGHT_MS, LOCK, LOCK_NOT_AVAILABLE } from './send-lock.js';
import { DRAIN, type DrainBody, type Drained } from './state.js';
import type { WarrantBook } from './warrant-book.js';

/** A flight in order is over by then, on a busy machine too. */
const PATIENCE_MS = FLIGHT_MS + 150;
const TRIES = 5;
/** Nothing is done under the lock once it is had. */
const HELD_AT_MOST_MS = 500;

const DRAINED = `select pg_advisory_lock(${LOCK.join(', ')})`;
const END_HOLDERS = `select pg_terminate_backend(l.pid) as ended from pg_locks l join pg_stat_activity a using (pid)
  where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())
    and l.classid = ${LOCK[0]} and l.objid = ${LOCK[1]} and l.objsubid = 2 and l.mode = 'ShareLock' and l.granted
    and a.state_change < clock_timestamp() - interval '${FLIGHT_MS} ms'`;

export interface DrainSettings {
  databaseUrl: string;
  instance: string;
  /** Told how many senders were ended since they did not let go. */
  onEnded: (holders: number) => void;
  connect?: DrainConnect;
}

export interface DrainConnection {
  /** Takes the lock for itself; throws `LOCK_NOT_AVAILABLE` after so long. */
  take(): Promise<void>;
  /** Ends those who have shared the lock for longer than a flight lasts: frozen, or gone without the database having noticed. */
  endHolders(): Promise<number>;
  end(): Promise<void>;
}
export type DrainConnect = (databaseUrl: string, name: string) => Promise<DrainConnection>;

/**
 * Resolves when nobody is sending on what was known before it was called: every flight that did not know what is committed by
 * now has landed, or was ended and can send no more. Throws when that cannot be brought about.
 */
export async function drained({ databaseUrl, instance, onEnded, connect = openDrain }: DrainSettings): Promise<void> {
  const connection = await connect(databaseUrl, `drain of ${instance}`);
  try {
    for (let tries = 1; !(await isTaken(connection, tries)); tries++) {
      const ended = await connection.endHolders();
      if (ended) onEnded(ended);
    }
  } finally {
    await connection.end();
  }
}

async function isTaken(connection: DrainConnection, tries: number): Promise<boolean> {
  try {
    await connection.take();
    return true;
  } catch (error) {
    if (tries >= TRIES || (error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
    return false;
  }
}

export async function openDrain(connectionString: string, name: string): Promise<DrainConnection> {
  const client = new pg.Client({
    connectionString,
    application_name: name,
    // Who is frozen with the lock in hand must not keep everybody from sending: the server ends its session.
    options: `-c lock_timeout=${PATIENCE_MS} -c idle_session_timeout=${HELD_AT_MOST_MS}`,
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => {}); // thrown by the statement that waits
  await client.connect();
  return {
    take: async () => void (await client.query(DRAINED)),
    endHolders: async () => (await client.query(END_HOLDERS)).rowCount ?? 0,
    end: () => client.end(),
  };
}

/** Warrants that were sent and of which nobody knows yet what came, however long ago. */
const UNKNOWN_ENDS = `
  select w.body->>'warrant' as warrant from work w where w.ended_at is null and w.kind = 'grant' and w.status = 'SENT'
  union all
  select w.body->>'warrant' from in_doubt d join work w on w.id = d.jti where d.resolved_at is null
  limit 1000`;
const MOST_NAMED = 100;

export interface DrainerParts {
  drained: () => Promise<void>;
  peers: () => Promise<number>;
  sql: () => SqlTx;
  book: Pick<WarrantBook, 'fromPacked'>;
  onDrained: (tookMs: number) => void;
}

const RETRY_MS = 250;

/** Acknowledges changes of switches and stages, each once no sender is at work on what was before. */
export class Drainer implements Worker<Drained> {
  readonly kinds = [DRAIN];
  readonly roundSize = 50;
  readonly rounds = 1;
  /** Somebody else drains for an instance that died over it. */
  readonly leaseMs = 6_000;

  constructor(private readonly parts: DrainerParts) {}

  async perform(rows: WorkRow[], round: Round): Promise<void> {
    const from = performance.now();
    try {
      await this.parts.drained();
    } catch (error) {
      const because = `not drained yet: ${(error as Error).message}`;
      await Promise.all(
        rows.map((row) => round.finish(row, { tag: 'retry', status: 'QUEUED', inMs: RETRY_MS, because })),
      );
      return;
    }
    this.parts.onDrained(performance.now() - from);
    const instances = await this.parts.peers();
    const open = rows.some(isTrip) ? await this.unknownEnds() : [];
    await Promise.all(
      rows.map((row) => {
        const outcome: Drained = { instances, ...(isTrip(row) ? { inDoubt: within(scopeOf(row), open) } : {}) };
        return round.finish(row, { tag: 'done', status: 'DRAINED', outcome });
      }),
    );
  }

  touches(): string[] {
    return [];
  }

  readonly decide = decideDrained;

  private async unknownEnds(): Promise<Sent[]> {
    const rows = await this.parts.sql().query<{ warrant: string }>('unknown-ends', UNKNOWN_ENDS, []);
    return rows.flatMap(({ warrant }) => {
      const opened = this.parts.book.fromPacked(warrant);
      return opened.ok ? [opened.warrant] : [];
    });
  }
}

type Sent = ControlTarget & { actionId: string };
const bodyOf = ({ body }: WorkRow) => body as unknown as DrainBody;
const scopeOf = (row: WorkRow): string => bodyOf(row).scope;
const isTrip = (row: WorkRow): boolean => {
  const { value } = bodyOf(row);
  return 'killed' in value && value.killed;
};

function within(scope: string, sent: Sent[]): string[] {
  const ids = sent.filter((one) => killScopesOf(one).includes(scope)).map(({ actionId }) => actionId);
  return [...new Set(ids)].slice(0, MOST_NAMED);
}
