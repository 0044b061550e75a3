import {
  Column,
  Entity,
  Index,
  PrimaryColumn,
  type DataSource,
  type EntityManager,
  type SelectQueryBuilder,
} from 'typeorm';
import type { Person } from '@countersign/contracts';
import { storableJson, type Applied, type SqlTx } from '@countersign/messaging';
import { readAs } from '@countersign/migrations';
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

/**
 * New items are added, known ones updated. Not by one upsert: that would need the right to read what it writes, and this role
 * reads items only in somebody's name. No other transaction holds an item's row of state meanwhile, so none comes in between.
 */
const WRITE = `
  with given as materialized (
    select i->>'approvalId' as approval_id, i#>>'{envelope,tenantid}' as tenant, i#>>'{escalated,actionId}' as action_id,
           i#>>'{escalated,actionHash}' as action_hash, i#>>'{progress,tag}' as status, i#>>'{escalated,actor,sub}' as requester,
           array(select jsonb_array_elements_text(i#>'{escalated,approverRoles}')) as approver_roles, i->>'openedAt' as opened_at, i as item
      from jsonb_array_elements($1::jsonb) as i
  ), added as (
    insert into approvals (approval_id, tenant, action_id, action_hash, status, requester, approver_roles, opened_at, item)
    select approval_id, tenant, action_id, action_hash, status, requester, approver_roles, opened_at, item from given
    on conflict do nothing
  )
  update approvals a set status = g.status, item = g.item from given g where a.approval_id = g.approval_id`;

/** Writes what a transaction did to items, in that transaction. */
export async function project(tx: SqlTx, { puts }: Applied): Promise<void> {
  const items = [...puts].filter(([key]) => key.startsWith('approval/')).map(([, item]) => item);
  if (items.length > 0) await tx.query('write-approvals', WRITE, [storableJson(items)]);
}

export interface Page {
  status?: Status | undefined;
  decidedBy?: 'me' | undefined;
  sort?: 'newest' | 'oldest';
  limit: number;
  after?: { openedAt: string; approvalId: string } | undefined;
}

/** The queue, to be read in somebody's name: in one transaction that sees nothing of another tenant's. */
export class Approvals {
  constructor(private readonly source: DataSource) {}

  as<T>(person: Person, read: (queue: ApprovalQueue) => Promise<T>): Promise<T> {
    return readAs(this.source, person.tenant, (rows) => read(new ApprovalQueue(rows, person)));
  }
}

const decidedByOf = ({ sub }: Person) => JSON.stringify([{ approver: { sub } }]);

/** What one person asks of the queue. Every query is bound to their tenant beside that. */
export class ApprovalQueue {
  constructor(
    private readonly rows: EntityManager,
    private readonly person: Person,
  ) {}

  /** Newest first unless asked otherwise; one row more than `limit` tells that there is another page. */
  async list({ status, decidedBy, sort = 'newest', limit, after }: Page): Promise<ApprovalRow[]> {
    const [way, beyond] = sort === 'newest' ? (['DESC', '<'] as const) : (['ASC', '>'] as const);
    const query = this.visible()
      .orderBy('a.openedAt', way)
      .addOrderBy('a.approvalId', way)
      .take(limit + 1);
    if (status) query.andWhere('a.status = :status', { status });
    if (decidedBy) query.andWhere(`a.item->'decisions' @> :mine::jsonb`, { mine: decidedByOf(this.person) });
    if (after) query.andWhere(`(a.openedAt, a.approvalId) ${beyond} (:openedAt, :approvalId)`, after);
    return query.getMany();
  }

  find(approvalId: string): Promise<ApprovalRow | null> {
    return this.visible().andWhere('a.approvalId = :approvalId', { approvalId }).getOne();
  }

  /** In the order asked for; without those that are not there. */
  async findAll(approvalIds: string[]): Promise<ApprovalRow[]> {
    const found = await this.visible().andWhere('a.approvalId = any(:approvalIds)', { approvalIds }).getMany();
    const byId = new Map(found.map((row) => [row.approvalId, row]));
    return approvalIds.flatMap((id) => byId.get(id) ?? []);
  }

  /** Asked before a row of state is touched: made-up ids must not leave rows behind. */
  has(approvalId: string): Promise<boolean> {
    return this.rows.getRepository(ApprovalRow).existsBy({ tenant: this.person.tenant, approvalId });
  }

  /** The items of one action, for the difference a person is shown when the one decided on is no longer it. */
  ofAction(actionId: string): Promise<ApprovalRow[]> {
    return this.visible().andWhere('a.actionId = :actionId', { actionId }).getMany();
  }

  /** Those who may decide an item, and who asked for it. */
  private visible(): SelectQueryBuilder<ApprovalRow> {
    const { tenant, sub, roles } = this.person;
    return this.rows
      .getRepository(ApprovalRow)
      .createQueryBuilder('a')
      .where('a.tenant = :tenant and (a.requester = :sub or a.approverRoles && :roles)', { tenant, sub, roles });
  }
}
