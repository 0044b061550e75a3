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
import type { SqlTx } from '../stream.js';
import { printable, storableJson } from '../storable.js';
import type { Topic } from '@countersign/contracts';

/** Runs a prepared statement and answers its rows and how many it touched. */
export type Run = <R extends object>(
  name: string,
  text: string,
  values: unknown[],
) => Promise<{ rows: R[]; count: number }>;

/** The statements of one transaction: each over many rows, none a row. */
export class PostgresTx implements StoreTx {
  readonly sql: SqlTx;

  constructor(
    private readonly run: Run,
    private readonly instance: string,
    private readonly owner: string,
    /** The database's. */
    private readonly clock: () => Date,
  ) {
    this.sql = {
      query: async <R extends object>(name: string, text: string, values: unknown[]) =>
        (await run<R>(name, text, values)).rows,
    };
  }

  async advance(moves: Move[]): Promise<boolean> {
    const text = `UPDATE offsets o SET next = m.n FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[]) AS m (c, t, p, f, n)
      WHERE o.consumer = m.c AND o.topic = m.t AND o.partition = m.p AND o.next = m.f`;
    const { count } = await this.run('m-advance', text, [
      moves.map(({ key }) => key.consumer),
      moves.map(({ key }) => key.topic),
      moves.map(({ key }) => key.partition),
      moves.map(({ from }) => from.toString()),
      moves.map(({ to }) => to.toString()),
    ]);
    return count === moves.length;
  }

  async load(keys: string[]): Promise<StateRow[]> {
    const text = 'SELECT key, body, rev::float8 AS rev FROM state WHERE key = ANY($1) ORDER BY key FOR UPDATE';
    const { rows } = await this.run<{ key: string; body: object | null; rev: number }>('m-load', text, [keys]);
    const found = new Map(rows.map((row) => [row.key, row]));
    return keys.map((key) => {
      const row = found.get(key);
      return { key, body: row?.body ?? undefined, rev: row?.rev ?? 0 };
    });
  }

  /**
   * A row that was absent is inserted once, with its state, and not beforehand as an empty one: whoever inserted it
   * meanwhile makes this transaction run again. That holds for rows only looked at as well, so what was decided on an
   * absence is decided on a locked one. The statement itself fails then: nobody waits for its answer before the commit.
   */
  async save(rows: StateRow[]): Promise<void> {
    const text = `WITH saved AS (INSERT INTO state (key, body, rev) SELECT k, b::jsonb, r + 1 FROM unnest($1::text[], ${texts('$2')}, $3::bigint[]) AS t (k, b, r) ORDER BY k
      ON CONFLICT (key) DO UPDATE SET body = excluded.body, rev = excluded.rev, changed_at = now() WHERE state.rev = excluded.rev - 1 RETURNING 1)
      SELECT all_saved(count(*), $4) FROM saved`;
    const bodies = rows.map(({ body }) => (body === undefined ? null : storableJson(body)));
    const columns = [rows.map(({ key }) => key), joined(bodies), rows.map(({ rev }) => rev)];
    await this.run('m-save', text, [...columns, rows.length]);
  }

  async addWork(work: NewWork[]): Promise<Set<string>> {
    const text = `INSERT INTO work (id, kind, target, tenant, body, traceparent, not_before, fence, attempts, instance, owner, lease_until)
      SELECT i, k, g, t, b::jsonb, p, now() + n * interval '1 ms', CASE WHEN l IS NULL THEN 0 ELSE 1 END, CASE WHEN l IS NULL THEN 0 ELSE 1 END,
             CASE WHEN l IS NOT NULL THEN $9 END, CASE WHEN l IS NOT NULL THEN $10 END, now() + l * interval '1 ms'
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], ${texts('$5')}, $6::text[], $7::float8[], $8::float8[]) AS w (i, k, g, t, b, p, n, l)
      ORDER BY i ON CONFLICT (id) DO NOTHING RETURNING id`;
    const column = <T>(of: (work: NewWork) => T) => work.map(of);
    const { rows } = await this.run<{ id: string }>('m-work', text, [
      column(({ draft }) => draft.id),
      column(({ draft }) => draft.kind),
      column(({ draft }) => draft.target),
      column(({ draft }) => draft.tenant),
      joined(column(({ draft }) => storableJson(draft.body))),
      column(({ draft }) => draft.traceparent ?? null),
      waitsFrom(
        this.clock(),
        work.map(({ draft }) => draft.notBefore),
      ),
      column(({ leaseMs }) => leaseMs ?? null),
      this.instance,
      this.owner,
    ]);
    return new Set(rows.map(({ id }) => id));
  }

  async cancelWork(ids: string[]): Promise<void> {
    const text = `UPDATE work SET status = 'CANCELLED', ended_at = now(), fence = fence + 1 WHERE id = ANY($1) AND status = 'QUEUED' AND ended_at IS NULL`;
    await this.run('m-cancel', text, [ids]);
  }

  async endWork(rows: EndedWork[]): Promise<Set<string>> {
    const ended = rows.toSorted(byId);
    const text = `UPDATE work w SET status = t.s, outcome = t.o::jsonb, ended_at = now(), lease_until = NULL
      FROM unnest($1::text[], $2::int[], $3::text[], ${texts('$4')}) AS t (i, f, s, o)
      WHERE w.id = t.i AND w.fence = t.f AND w.owner = $5 AND ${OPEN} RETURNING w.id`;
    const done = await this.run<{ id: string }>('m-end', text, [...endedColumns(ended), this.owner]);
    return new Set(done.rows.map(({ id }) => id));
  }

  async deferWork(given: DeferredWork[]): Promise<Set<string>> {
    const deferred = given.toSorted(byId);
    const text = `UPDATE work w SET status = t.s, not_before = now() + t.n * interval '1 ms', because = t.b, instance = NULL, owner = NULL, lease_until = NULL
      FROM unnest($1::text[], $2::int[], $3::text[], $4::float8[], $5::text[]) AS t (i, f, s, n, b)
      WHERE w.id = t.i AND w.fence = t.f AND w.owner = $6 AND ${OPEN} RETURNING w.id`;
    const column = <T>(of: (work: DeferredWork) => T) => deferred.map(of);
    const values = [
      column((w) => w.id),
      column((w) => w.fence),
      column((w) => w.status),
      column((w) => w.inMs),
      column((w) => printable(w.because)),
    ];
    const { rows } = await this.run<{ id: string }>('m-defer', text, [...values, this.owner]);
    return new Set(rows.map(({ id }) => id));
  }

  async endedByUs(refs: WorkRef[]): Promise<Set<string>> {
    const text = `SELECT w.id FROM work w JOIN unnest($1::text[], $2::int[]) AS t (i, f) ON w.id = t.i AND w.fence = t.f
      WHERE w.owner = $3 AND w.ended_at IS NOT NULL`;
    const { rows } = await this.run<{ id: string }>('m-ours', text, [...refColumns(refs), this.owner]);
    return new Set(rows.map(({ id }) => id));
  }

  async lateWork(late: EndedWork[]): Promise<void> {
    const text = `INSERT INTO work_late (work_id, fence, status, outcome, owner)
      SELECT i, f, s, o::jsonb, $5 FROM unnest($1::text[], $2::int[], $3::text[], ${texts('$4')}) AS t (i, f, s, o)`;
    await this.run('m-late', text, [...endedColumns(late), this.owner]);
  }

  async addOutbox({ id, records }: OutboxRow): Promise<void> {
    const text = 'INSERT INTO outbox (id, instance, owner, body) VALUES ($1, $2, $3, $4)';
    await this.run('m-outbox', text, [id, this.instance, this.owner, JSON.stringify(records)]);
  }

  async park(rows: ParkedRow[]): Promise<void> {
    const text = `INSERT INTO parked (id, consumer, topic, partition, record_offset, appended_at, reason, detail, bytes)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::timestamptz[], $7::text[], $8::text[], $9::bytea[])
      ON CONFLICT (id) DO NOTHING`;
    const column = <T>(of: (row: ParkedRow) => T) => rows.map(of);
    await this.run('m-park', text, [
      column((row) => row.id),
      column((row) => row.consumer),
      column((row) => row.topic),
      column((row) => row.partition),
      column((row) => row.offset.toString()),
      column((row) => row.appendedAt),
      column((row) => row.reason),
      column((row) => row.detail),
      column((row) => row.bytes),
    ]);
  }

  async lockParked(id: string): Promise<(ParkedRow & { redrivenAt: Date | null }) | undefined> {
    const text = 'SELECT * FROM parked WHERE id = $1 FOR UPDATE';
    const [row] = (await this.run<ParkedColumns>('m-parked-lock', text, [id])).rows;
    if (!row) return undefined;
    const { consumer, topic, partition, reason, detail, bytes } = row;
    const offset = BigInt(row.record_offset);
    return {
      id,
      consumer,
      topic,
      partition,
      offset,
      appendedAt: row.appended_at,
      reason,
      detail,
      bytes,
      redrivenAt: row.redriven_at,
    };
  }

  async markRedriven(id: string): Promise<void> {
    await this.run('m-redriven', 'UPDATE parked SET redriven_at = now(), last_error = NULL WHERE id = $1', [id]);
  }
}

export interface ParkedColumns {
  id: string;
  consumer: string;
  topic: Topic;
  partition: number;
  record_offset: string;
  appended_at: Date;
  reason: string;
  detail: string;
  bytes: Buffer;
  parked_at: Date;
  redriven_at: Date | null;
  last_error: string | null;
}

/**
 * `w.ended_at IS NULL`, said so that the index of open rows does not match it: rows named by their ids are to be found by
 * their ids. With stale statistics the planner takes that index for nearly empty and compares each open row with each id.
 */
export const OPEN = `coalesce(w.ended_at, 'infinity') = 'infinity'`;

/**
 * JSON texts as one text: no JSON holds the separator raw, and as members of an array every quote in them would be escaped here and read
 * back there. An absent one is empty; where it would be the last, `unnest` puts NULL for what is missing as well.
 */
const joined = (members: (string | null)[]): string => members.map((text) => text ?? '').join('\u001f');
const texts = (parameter: string) => `string_to_array(${parameter}::text, E'\\x1f', '')`;

/** How long each has to wait, in ms: `decide` says until when by the database's clock. */
function waitsFrom(now: Date, instants: (Date | undefined)[]): number[] {
  return instants.map((at) => (at ? at.getTime() - now.getTime() : 0));
}

/** Statements lock rows in the order they are given: in one order everywhere, or two of them wait for each other. */
export const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : Number(a.id > b.id));

export const refColumns = (refs: WorkRef[]) => [refs.map(({ id }) => id), refs.map(({ fence }) => fence)];
const endedColumns = (ended: EndedWork[]) => [
  ...refColumns(ended),
  ended.map(({ status }) => status),
  joined(ended.map(({ outcome }) => (outcome === undefined ? null : storableJson(outcome)))),
];
