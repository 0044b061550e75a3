import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import type { OutRecord } from '@countersign/contracts';
import type { Log } from '../log.js';
import type {
  ClaimAsk,
  Close,
  GivenBack,
  Marked,
  OutboxRow,
  ParkedEntry,
  Place,
  Store,
  StoreTx,
  WorkRef,
} from '../ports.js';
import { printable } from '../storable.js';
import type { SqlTx, WorkRow } from '../stream.js';
import { Claims } from './claims.js';
import { DatabaseClock } from './database-clock.js';
import { gatheringSocket } from './gathering-socket.js';
import { byId, OPEN, PostgresTx, refColumns, type ParkedColumns, type Run } from './postgres-tx.js';

export interface PostgresSettings {
  databaseUrl: string;
  service: string;
  /** Name of this instance, kept over restarts and used by one process at a time. */
  instance: string;
  maxConnections: number;
}

/** A frozen process must not keep others from the rows it locked. */
const IDLE_IN_TRANSACTION_MS = 15_000;
/**
 * Every statement of the batch path names its rows by key. Left to itself the planner scans a table that is nearly empty
 * when a statement is first prepared, and goes on scanning it, since a prepared plan is kept, when it holds 10,000 rows.
 */
const BY_KEY = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off';
const SWEEP_LIMIT = 5000;

/** The store on PostgreSQL: READ COMMITTED, rows locked by hand, prepared statements, pipelined. */
export class PostgresStore implements Store {
  readonly owner: string;
  readonly sql: SqlTx;
  private readonly pool: pg.Pool;
  private readonly clock = new DatabaseClock();
  /** What may be lost in a crash without harm is committed without waiting for the disk. */
  private readonly relaxed: pg.Pool;
  private readonly claims: Claims;

  constructor(
    private readonly settings: PostgresSettings,
    private readonly log: Log,
  ) {
    this.owner = `${settings.instance}/${randomBytes(6).toString('hex')}`;
    this.pool = this.openPool(
      settings.maxConnections,
      `${BY_KEY} -c idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_MS}`,
    );
    this.relaxed = this.openPool(1, `${BY_KEY} -c synchronous_commit=off`);
    this.claims = new Claims(on(this.pool), settings.instance, this.owner);
    this.sql = {
      query: async <R extends object>(name: string, text: string, values: unknown[]) =>
        (await on(this.pool)<R>(name, text, values)).rows,
    };
  }

  async transact<T>(run: (tx: StoreTx, close: Close) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    // An error between two statements is otherwise an uncaught one.
    const onError = (error: Error) => (broken = error);
    client.on('error', onError);
    try {
      const begun = unwatched(client.query('BEGIN'));
      const closing = new Closing();
      const tx = new PostgresTx(firstFailure(client), this.settings.instance, this.owner, () => this.now());
      const result = await run(tx, closing.close);
      await closing.settled();
      const committed = unwatched(client.query<never>(closing.statement));
      await Promise.all([begun, closing.last]);
      // After a statement that failed a COMMIT is a ROLLBACK, and says so.
      const [answer] = [await committed].flat().slice(-1);
      if (answer?.command !== 'COMMIT') throw new Error(`a transaction ended with ${answer?.command}`);
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((failure: Error) => (broken = failure));
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  async positions(consumer: string, places: (Place & { start: bigint })[]): Promise<(Place & { next: bigint })[]> {
    const run = on(this.pool);
    const columns = [consumer, places.map(({ topic }) => topic), places.map(({ partition }) => partition)];
    const starts = places.map(({ start }) => start.toString());
    const insert = `INSERT INTO offsets (consumer, topic, partition, next) SELECT $1, * FROM unnest($2::text[], $3::int[], $4::bigint[]) ON CONFLICT DO NOTHING`;
    await run('m-start', insert, [...columns, starts]);
    const select = `SELECT o.topic, o.partition, o.next FROM offsets o JOIN unnest($2::text[], $3::int[]) AS t (t, p) ON o.topic = t.t AND o.partition = t.p WHERE o.consumer = $1`;
    const { rows } = await run<{ topic: Place['topic']; partition: number; next: string }>(
      'm-positions',
      select,
      columns,
    );
    return rows.map(({ topic, partition, next }) => ({ topic, partition, next: BigInt(next) }));
  }

  async leftovers(olderThanMs: number, limit: number): Promise<OutboxRow[]> {
    const text = `SELECT id, body FROM outbox WHERE (instance = $1 AND owner <> $2) OR created_at < now() - $3 * interval '1 ms' ORDER BY created_at, id LIMIT $4`;
    const { rows } = await on(this.pool)<{ id: string; body: string }>('m-leftovers', text, [
      this.settings.instance,
      this.owner,
      olderThanMs,
      limit,
    ]);
    return rows.map(({ id, body }) => ({ id, records: JSON.parse(body) as OutRecord[] }));
  }

  async forget(outboxIds: string[]): Promise<void> {
    await on(this.relaxed)('m-forget', 'DELETE FROM outbox WHERE id = ANY($1)', [outboxIds]);
  }

  claim(ask: ClaimAsk): Promise<WorkRow[]> {
    return this.claims.claim(ask);
  }

  async markSent(given: WorkRef[], leaseMs: number): Promise<Map<string, Marked>> {
    const refs = given.toSorted(byId);
    const text = `UPDATE work w SET status = 'SENT', fence = w.fence + 1, sent_at = coalesce(w.sent_at, clock_timestamp()), lease_until = now() + $4 * interval '1 ms'
      FROM unnest($1::text[], $2::int[]) AS t (i, f) WHERE w.id = t.i AND w.fence = t.f AND w.owner = $3 AND ${OPEN} RETURNING w.id, w.fence, w.sent_at`;
    const values = [...refColumns(refs), this.owner, leaseMs];
    const { rows } = await on(this.pool)<WorkRef & { sent_at: Date }>('m-sent', text, values);
    return new Map(rows.map(({ id, fence, sent_at }) => [id, { fence, sentAt: sent_at }]));
  }

  async extend(given: WorkRef[], leaseMs: number): Promise<Set<string>> {
    const refs = given.toSorted(byId);
    const text = `UPDATE work w SET lease_until = now() + $4 * interval '1 ms'
      FROM unnest($1::text[], $2::int[]) AS t (i, f) WHERE w.id = t.i AND w.fence = t.f AND w.owner = $3 AND ${OPEN} RETURNING w.id`;
    const { rows } = await on(this.pool)<{ id: string }>('m-extend', text, [...refColumns(refs), this.owner, leaseMs]);
    return new Set(rows.map(({ id }) => id));
  }

  async release(given: GivenBack[]): Promise<void> {
    const refs = given.toSorted(byId);
    const text = `UPDATE work w SET instance = NULL, owner = NULL, lease_until = NULL, not_before = now() + t.d * interval '1 ms', attempts = w.attempts - t.u
      FROM unnest($1::text[], $2::int[], $4::float8[], $5::int[]) AS t (i, f, d, u) WHERE w.id = t.i AND w.fence = t.f AND w.owner = $3 AND ${OPEN}`;
    const delays = refs.map(({ delayMs }) => delayMs);
    const uncounted = refs.map(({ unbegun }) => (unbegun ? 1 : 0));
    await on(this.pool)('m-release', text, [...refColumns(refs), this.owner, delays, uncounted]);
  }

  async adopt(): Promise<void> {
    const text = `UPDATE work SET instance = NULL, owner = NULL, lease_until = NULL WHERE ended_at IS NULL AND instance = $1 AND owner <> $2`;
    await on(this.pool)('m-adopt', text, [this.settings.instance, this.owner]);
  }

  async sweep(retentionMs: number): Promise<void> {
    const text = `DELETE FROM work WHERE id IN (SELECT id FROM work WHERE ended_at < now() - $1 * interval '1 ms' LIMIT $2)`;
    while ((await on(this.relaxed)('m-sweep', text, [retentionMs, SWEEP_LIMIT])).count === SWEEP_LIMIT);
  }

  async listParked(limit: number, after: string | undefined): Promise<ParkedEntry[]> {
    const text = `SELECT id, consumer, topic, partition, record_offset, appended_at, reason, detail, parked_at, redriven_at, last_error
      FROM parked WHERE $2::text IS NULL OR id > $2 ORDER BY id LIMIT $1`;
    return (await on(this.pool)<ParkedColumns>('m-parked', text, [limit, after ?? null])).rows.map(entry);
  }

  async getParked(id: string): Promise<ParkedEntry | undefined> {
    const text = `SELECT id, consumer, topic, partition, record_offset, appended_at, reason, detail, parked_at, redriven_at, last_error FROM parked WHERE id = $1`;
    const [row] = (await on(this.pool)<ParkedColumns>('m-parked-one', text, [id])).rows;
    return row && entry(row);
  }

  async noteParked(id: string, error: string): Promise<void> {
    await on(this.pool)('m-parked-note', 'UPDATE parked SET last_error = $2 WHERE id = $1', [id, printable(error)]);
  }

  async peers(): Promise<number> {
    const text = `SELECT count(DISTINCT application_name)::int AS peers FROM pg_stat_activity
      WHERE datname = current_database() AND usename = current_user AND starts_with(application_name, $1)`;
    const [row] = (await on(this.pool)<{ peers: number }>('m-peers', text, [namePrefix(this.settings)])).rows;
    return row!.peers;
  }

  now(): Date {
    return this.clock.now();
  }

  readClock(): Promise<void> {
    return this.clock.readFrom(async () => {
      const { rows } = await this.pool.query<{ ms: string }>(
        'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms',
      );
      return Number(rows[0]!.ms);
    });
  }

  async ping(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  async stop(): Promise<void> {
    await Promise.all([this.pool.end(), this.relaxed.end()]);
  }

  private openPool(max: number, options: string): pg.Pool {
    const pool = new pg.Pool({
      connectionString: this.settings.databaseUrl,
      application_name: connectionName(this.settings),
      max,
      options,
      connectionTimeoutMillis: 5000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      // Statements are sent without waiting for the answers of those before.
      pipeline: true,
      stream: gatheringSocket,
    });
    pool.on('error', (error) => this.log.debug({ err: error.message }, 'an idle database connection ended'));
    return pool;
  }
}

const namePrefix = ({ service }: PostgresSettings) => `${service}/`;
/** PostgreSQL keeps 63 bytes of a name. */
const NAME_BYTES = 63;

/** Names the instance, distinctly however long its name is. */
export function connectionName(settings: PostgresSettings): string {
  const name = namePrefix(settings) + settings.instance;
  if (name.length <= NAME_BYTES) return name;
  const digest = createHash('sha256').update(name).digest('base64url').slice(0, 22);
  return name.slice(0, NAME_BYTES - digest.length) + digest;
}

/** In a transaction everything after a failure fails because of it: that is what each of them throws. */
function firstFailure(client: pg.PoolClient): Run {
  const run = on(client);
  let failure: { because: unknown } | undefined;
  return async (name, text, values) => {
    try {
      return await run(name, text, values);
    } catch (because) {
      failure ??= { because };
      throw failure.because;
    }
  };
}

/** The end of a transaction: see `Close`. */
class Closing {
  statement = 'COMMIT';
  last: Promise<unknown> = Promise.resolve();
  private failure: { because: unknown } | undefined;

  readonly close: Close = (last, { mayBeLost }) => {
    this.last = last;
    last.catch((because: unknown) => (this.failure = { because }));
    if (mayBeLost) this.statement = 'SET LOCAL synchronous_commit = off; COMMIT';
  };

  /** What failed before it was sent cannot turn the COMMIT into a ROLLBACK: it has failed once all promises ran. */
  async settled(): Promise<void> {
    await new Promise<void>((resolve) => process.nextTick(resolve));
    if (this.failure) throw this.failure.because;
  }
}

/** Its failure is looked at later. */
function unwatched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function on(client: pg.Pool | pg.PoolClient): Run {
  return async <R extends object>(name: string, text: string, values: unknown[]) => {
    const { rows, rowCount } = await client.query<R & pg.QueryResultRow>({ name, text, values });
    return { rows: rows as R[], count: rowCount ?? 0 };
  };
}

function entry(row: ParkedColumns): ParkedEntry {
  const { id, consumer, topic, partition, reason, detail } = row;
  return {
    id,
    consumer,
    topic,
    partition,
    offset: row.record_offset,
    appendedAt: row.appended_at,
    reason,
    detail,
    parkedAt: row.parked_at,
    redrivenAt: row.redriven_at,
    lastError: row.last_error,
  };
}
