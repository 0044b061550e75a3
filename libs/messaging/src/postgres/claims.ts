/*
 * Claims work in turns. A turn is what one tenant has of one kind for one target.
 *
 *  1  What is claimed at once is shared evenly by the turns that have something to do: nobody waits for another's queue to end.
 *  2  Turns are served round and round: a claim goes on behind the last turn of the one before.
 *  3  The index leads from turn to turn and to the oldest rows of each: what a tenant has queued in between is not looked at.
 */
import type { ClaimAsk } from '../ports.js';
import type { WorkRow } from '../stream.js';
import type { Run } from './postgres-tx.js';

/** So many turns are looked at in one query. */
const TURNS = 1000;

interface Turn {
  kind: string;
  target: string;
  tenant: string;
}
const START: Omit<Turn, 'kind'> = { target: '', tenant: '' };

const FREE = `w.ended_at IS NULL AND w.kind = t.kind AND w.target = t.target AND w.tenant = t.tenant AND w.not_before <= now()
  AND (w.owner IS NULL OR w.lease_until < now())`;
const nextTurn = (kind: string, place: string) =>
  `(SELECT w.target, w.tenant FROM work w WHERE w.ended_at IS NULL AND w.kind = ${kind} AND (w.target, w.tenant) > ${place}
    ORDER BY w.kind, w.target, w.tenant LIMIT 1) n`;

/** Not EXISTS: that would be answered with a table of all that is queued. */
const LOOK = `WITH RECURSIVE turns AS (
    SELECT $1::text AS kind, n.target, n.tenant, 1 AS place FROM ${nextTurn('$1', '($2::text, $3::text)')}
    UNION ALL
    SELECT t.kind, n.target, n.tenant, t.place + 1 FROM turns t CROSS JOIN LATERAL ${nextTurn('t.kind', '(t.target, t.tenant)')} WHERE t.place < $4
  )
  SELECT t.kind, t.target, t.tenant, t.target <> ALL($5) AND coalesce(t.target = $7, true) AND (SELECT true FROM work w WHERE ${FREE} AND w.id <> ALL($6) LIMIT 1) IS NOT NULL AS open
  FROM turns t ORDER BY t.place`;

const TAKE = `WITH taken AS MATERIALIZED (
    SELECT c.id FROM unnest($1::text[], $2::text[], $3::text[]) AS t (kind, target, tenant) CROSS JOIN LATERAL
      (SELECT w.id FROM work w WHERE ${FREE} AND w.id <> ALL($4) ORDER BY w.kind, w.target, w.tenant, w.not_before LIMIT $5 FOR UPDATE SKIP LOCKED) c
  )
  UPDATE work w SET instance = $6, owner = $7, fence = w.fence + 1, attempts = w.attempts + 1, lease_until = now() + $8 * interval '1 ms'
  FROM taken WHERE w.id = taken.id
  RETURNING w.id, w.kind, w.target, w.tenant, w.body, w.traceparent, w.status, w.fence, w.attempts, w.created_at, w.sent_at`;

interface WorkColumns extends Omit<WorkRow, 'createdAt' | 'traceparent' | 'sentAt'> {
  created_at: Date;
  sent_at: Date | null;
  traceparent: string | null;
}

export class Claims {
  /** By kind, the last turn that was looked at in the round that is under way. */
  private readonly last = new Map<string, Omit<Turn, 'kind'>>();

  constructor(
    private readonly run: Run,
    private readonly instance: string,
    private readonly owner: string,
  ) {}

  async claim(ask: ClaimAsk): Promise<WorkRow[]> {
    const perKind = Math.ceil(ask.limit / ask.kinds.length);
    const turns = await Promise.all(ask.kinds.map((kind) => this.openTurns(kind, perKind, ask)));
    return this.take(turns.flat().slice(0, ask.limit), ask);
  }

  /** The next turns with something to do, at most `limit`. */
  private async openTurns(kind: string, limit: number, { fullTargets, held, only }: ClaimAsk): Promise<Turn[]> {
    for (;;) {
      const from = this.last.get(kind) ?? START;
      const values = [kind, from.target, from.tenant, TURNS, fullTargets, held, only ?? null];
      const { rows } = await this.run<Turn & { open: boolean }>('m-turns', LOOK, values);
      const open = rows.filter((turn) => turn.open).slice(0, limit);
      const last = open.length === limit ? open.at(-1) : rows.length === TURNS ? rows.at(-1) : undefined;
      if (last) this.last.set(kind, { target: last.target, tenant: last.tenant });
      else this.last.delete(kind);
      if (open.length || (!last && from === START)) return open;
    }
  }

  private async take(turns: Turn[], { limit, leaseMs, held }: ClaimAsk): Promise<WorkRow[]> {
    if (!turns.length) return [];
    const columns = [
      turns.map(({ kind }) => kind),
      turns.map(({ target }) => target),
      turns.map(({ tenant }) => tenant),
    ];
    const share = Math.floor(limit / turns.length);
    const values = [...columns, held, share, this.instance, this.owner, leaseMs];
    const { rows } = await this.run<WorkColumns>('m-take', TAKE, values);
    return rows.map(({ created_at, sent_at, traceparent, ...row }) => ({
      ...row,
      ...(traceparent && { traceparent }),
      ...(sent_at && { sentAt: sent_at }),
      createdAt: created_at,
    }));
  }
}
