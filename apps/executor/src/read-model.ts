import { Column, Entity, Index, IsNull, PrimaryColumn, type DataSource } from 'typeorm';
import type { EventData, EventDraft } from '@countersign/contracts';
import { storableJson, type Applied, type SqlTx } from '@countersign/messaging';

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
  @Column({ type: 'text' }) known: string;
  /** As text in RFC 3339, always UTC with milliseconds: it sorts as it stands and pages exactly. */
  @Column({ type: 'text' }) since: string;
  @Column({ name: 'resolved_at', type: 'text', nullable: true }) resolvedAt: string | null;
  @Column({ type: 'text', nullable: true }) outcome: 'committed' | 'failed' | null;
}

const OPEN = `
  insert into in_doubt (action_id, revision, tenant, intent_id, tool, jti, idempotency_key, known, since)
  select d->>'actionId', (d->>'revision')::int, d->>'tenant', d->>'intentId', d->>'tool', d->>'jti',
         d->>'idempotencyKey', d->>'known', d->>'endedAt'
    from jsonb_array_elements($1::jsonb) as d
  on conflict do nothing`;
const RESOLVE = `
  update in_doubt i set resolved_at = d->>'endedAt', outcome = d->>'outcome'
    from jsonb_array_elements($1::jsonb) as d
   where i.action_id = d->>'actionId' and i.revision = (d->>'revision')::int and i.resolved_at is null`;

/** Writes what finished work says of doubts, in the transaction that ends it. */
export async function project(tx: SqlTx, { emitted }: Applied): Promise<void> {
  const opened = dataOf(emitted, 'countersign.action.in-doubt.v1');
  const resolved = dataOf(emitted, 'countersign.action.resolved.v1');
  if (opened.length > 0) await tx.query('open-doubts', OPEN, [storableJson(opened)]);
  if (resolved.length > 0) await tx.query('resolve-doubts', RESOLVE, [storableJson(resolved)]);
}

const dataOf = <T extends EventDraft['type']>(emitted: EventDraft[], type: T): EventData<T>[] =>
  emitted.filter((event) => event.type === type).map(({ data }) => data as EventData<T>);

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
