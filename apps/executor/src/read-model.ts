import { Column, Entity, Index, IsNull, PrimaryColumn, type DataSource } from 'typeorm';
import { storableJson, type Applied, type SqlTx } from '@countersign/messaging';
import type { About, Doubt, Sent } from './state.js';

/** A commit of which nobody knows whether the target made it. */
@Entity('in_doubt')
@Index('in_doubt_open', ['tenant', 'since', 'actionId'])
export class InDoubtRow {
  @PrimaryColumn({ name: 'action_id', type: 'text' }) actionId: string;
  @PrimaryColumn({ type: 'int' }) revision: number;
  @Column({ type: 'text' }) tenant: string;
  @Column({ name: 'intent_id', type: 'text' }) intentId: string;
  @Column({ type: 'text' }) tool: string;
  @Column({ type: 'text' }) jti: string;
  @Column({ name: 'idempotency_key', type: 'text' }) idempotencyKey: string;
  @Column({ type: 'text' }) target: string;
  @Column({ type: 'int' }) attempts: number;
  @Column({ type: 'jsonb', nullable: true }) sent: Sent | null;
  @Column({ type: 'text' }) known: string;
  /** Whether it is still looked up; when it was last, and what the target said. */
  @Column({ type: 'boolean' }) asked: boolean;
  @Column({ name: 'asked_at', type: 'timestamptz', nullable: true }) askedAt: Date | null;
  @Column({ type: 'text', nullable: true }) said: string | null;
  /** As text in RFC 3339, always UTC with milliseconds: it sorts as it stands and pages exactly. */
  @Column({ type: 'text' }) since: string;
  @Column({ name: 'resolved_at', type: 'text', nullable: true }) resolvedAt: string | null;
  @Column({ type: 'text', nullable: true }) outcome: 'committed' | 'failed' | null;
}

const OPEN = `
  insert into in_doubt (action_id, revision, tenant, intent_id, tool, jti, idempotency_key, target, attempts, sent, known, asked, since)
  select a->>'actionId', (a->>'revision')::int, a->>'tenant', a->>'intentId', a->>'tool', a->>'jti', a->>'idempotencyKey',
         d->>'target', (d->>'attempts')::int, d->'sent', d->>'known', (d->>'asked')::boolean, d->>'since'
    from jsonb_array_elements($1::jsonb) as d, jsonb_extract_path(d, 'about') as a
  on conflict (action_id, revision) do update set asked = excluded.asked`;
const RESOLVE = `
  update in_doubt i set resolved_at = d->>'at', outcome = d->>'outcome', asked = false
    from jsonb_array_elements($1::jsonb) as d
   where i.action_id = d->'about'->>'actionId' and i.revision = (d->'about'->>'revision')::int and i.resolved_at is null`;
const ASKED = `update in_doubt set asked_at = clock_timestamp(), said = $3 where action_id = $1 and revision = $2`;

/** Writes what becomes of doubts, in the transaction that says so. */
export async function project(tx: SqlTx, { puts }: Applied): Promise<void> {
  const doubts = [...puts].flatMap(([key, state]) => (key.startsWith('doubt/') ? [state as Doubt] : []));
  const opened = doubts.filter(({ tag }) => tag === 'open');
  const resolved = doubts.filter(({ tag }) => tag === 'resolved');
  if (opened.length > 0) await tx.query('open-doubts', OPEN, [storableJson(opened)]);
  if (resolved.length > 0) await tx.query('resolve-doubts', RESOLVE, [storableJson(resolved)]);
}

/** A look-up settled nothing: for whoever is to find out. Of no transaction, since nothing goes by it. */
export async function noteAsked(sql: SqlTx, { actionId, revision }: About, said: string): Promise<void> {
  await sql.query('asked', ASKED, [actionId, revision, printable(said)]);
}

/** No text of PostgreSQL holds it. */
const printable = (text: string): string => text.replaceAll('\0', '');

export interface Page {
  limit: number;
  after?: { since: string; actionId: string } | undefined;
}

/** The open doubts of a tenant, oldest first; one more than `limit` tells that there is another page. */
export class Doubts {
  constructor(private readonly source: DataSource) {}

  list(tenant: string, { limit, after }: Page): Promise<InDoubtRow[]> {
    const query = this.source
      .getRepository(InDoubtRow)
      .createQueryBuilder('d')
      .where({ tenant, resolvedAt: IsNull() })
      .orderBy('d.since', 'ASC')
      .addOrderBy('d.actionId', 'ASC')
      .take(limit + 1);
    if (after) query.andWhere('(d.since, d.actionId) > (:since, :actionId)', after);
    return query.getMany();
  }
}
