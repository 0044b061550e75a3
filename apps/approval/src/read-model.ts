import { Column, Entity, Index, PrimaryColumn, type DataSource, type SelectQueryBuilder } from 'typeorm';
import type { Person } from '@countersign/contracts';
import type { Applied, SqlTx } from '@countersign/messaging';
import type { Item, Status } from './state.js';

/** One item as it is asked for: the columns people filter by, and the item whole. */
@Entity('approvals')
@Index('approvals_by_tenant', ['tenant', 'openedAt', 'approvalId'])
@Index('approvals_by_action', ['actionId'])
export class ApprovalRow {
  @PrimaryColumn({ name: 'approval_id', type: 'text' }) approvalId: string;
  @Column({ type: 'text' }) tenant: string;
  @Column({ name: 'action_id', type: 'text' }) actionId: string;
  @Column({ name: 'action_hash', type: 'text' }) actionHash: string;
  @Column({ type: 'text' }) status: Status;
  @Column({ type: 'text' }) requester: string;
  @Column({ name: 'approver_roles', type: 'text', array: true }) approverRoles: string[];
  /** As text in RFC 3339, always UTC with milliseconds: it sorts as it stands and pages exactly. */
  @Column({ name: 'opened_at', type: 'text' }) openedAt: string;
  @Column({ type: 'jsonb' }) item: Item;
}

const UPSERT = `
  insert into approvals (approval_id, tenant, action_id, action_hash, status, requester, approver_roles, opened_at, item)
  select i->>'approvalId', i#>>'{envelope,tenantid}', i#>>'{escalated,actionId}', i#>>'{escalated,actionHash}',
         i#>>'{progress,tag}', i#>>'{escalated,actor,sub}',
         array(select jsonb_array_elements_text(i#>'{escalated,approverRoles}')), i->>'openedAt', i
    from jsonb_array_elements($1::jsonb) as i
  on conflict (approval_id) do update set status = excluded.status, item = excluded.item`;

/** Writes what a transaction did to items, in that transaction. */
export async function project(tx: SqlTx, { puts }: Applied): Promise<void> {
  const items = [...puts].filter(([key]) => key.startsWith('approval/')).map(([, item]) => item);
  if (items.length > 0) await tx.query('upsert-approvals', UPSERT, [JSON.stringify(items)]);
}

export interface Page {
  status?: Status | undefined;
  limit: number;
  after?: { openedAt: string; approvalId: string } | undefined;
}

/** What people ask of the queue. Every query is bound to the caller's tenant. */
export class ApprovalQueue {
  constructor(private readonly source: DataSource) {}

  /** Newest first; one row more than `limit` tells that there is another page. */
  async list(person: Person, { status, limit, after }: Page): Promise<ApprovalRow[]> {
    const query = this.visible(person)
      .orderBy('a.openedAt', 'DESC')
      .addOrderBy('a.approvalId', 'DESC')
      .take(limit + 1);
    if (status) query.andWhere('a.status = :status', { status });
    if (after) query.andWhere('(a.openedAt, a.approvalId) < (:openedAt, :approvalId)', after);
    return query.getMany();
  }

  find(person: Person, approvalId: string): Promise<ApprovalRow | null> {
    return this.visible(person).andWhere('a.approvalId = :approvalId', { approvalId }).getOne();
  }

  /** Asked before a row of state is touched: made-up ids must not leave rows behind. */
  has(tenant: string, approvalId: string): Promise<boolean> {
    return this.source.getRepository(ApprovalRow).existsBy({ tenant, approvalId });
  }

  /** The items of one action, for the difference a person is shown when the one decided on is no longer it. */
  ofAction(person: Person, actionId: string): Promise<ApprovalRow[]> {
    return this.visible(person).andWhere('a.actionId = :actionId', { actionId }).getMany();
  }

  /** Those who may decide an item, and who asked for it. */
  private visible({ tenant, sub, roles }: Person): SelectQueryBuilder<ApprovalRow> {
    return this.source
      .getRepository(ApprovalRow)
      .createQueryBuilder('a')
      .where('a.tenant = :tenant and (a.requester = :sub or a.approverRoles && :roles)', { tenant, sub, roles });
  }
}
