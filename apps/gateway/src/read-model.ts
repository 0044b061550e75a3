import { Column, Entity, In, Index, LessThan, PrimaryColumn, type DataSource } from 'typeorm';
import { actionIdOf, UNVERIFIED, type EventType, type Incoming } from '@countersign/contracts';
import type { Applied, SqlTx } from '@countersign/messaging';
import { insertChanges } from './stream/changes.js';

/**
 * One event an intent's state is made of, as it came: key, text and signature, so that it can be verified when somebody
 * asks. Rows are only ever added: a forged one takes nothing away from the others.
 */
@Entity('intent_events')
@Index('intent_events_by_action', ['actionId'])
export class IntentEventRow {
  @PrimaryColumn({ name: 'intent_id', type: 'text' }) intentId: string;
  @PrimaryColumn({ type: 'text' }) topic: 'decisions' | 'results' | 'replies';
  @PrimaryColumn({ type: 'int' }) partition: number;
  @PrimaryColumn({ name: 'record_offset', type: 'bigint' }) offset: string;
  /** The broker's append time, ms since 1970. */
  @Column({ name: 'appended_at', type: 'bigint' }) appendedAt: string;
  /** Of the record's key, which the signature covers. */
  @Column({ type: 'text' }) tenant: string;
  @Column({ name: 'action_id', type: 'text', nullable: true }) actionId: string | null;
  @Column({ type: 'text' }) type: EventType;
  /** `Covered` as JSON: what the signature covers beside the text. */
  @Column({ type: 'text' }) covered: string;
  @Column({ type: 'text', nullable: true }) signature: string | null;
  @Column({ type: 'text' }) text: string;
}

const INSERT = `
  insert into intent_events
    (intent_id, topic, partition, record_offset, appended_at, tenant, action_id, type, covered, signature, text)
  select * from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
    string_to_array($9::text, E'\\x1f'), $10::text[], string_to_array($11::text, E'\\x1f'))
  on conflict do nothing`;

const tenantOf = (key: string) => key.slice(0, Math.max(0, key.indexOf('/')));

/** The action an event speaks of. A refused intent's is derived, so that who asked for one tool call finds why. */
function actionOf({ event }: Incoming): string | null {
  if (event.type === 'countersign.intent.refused.v1') return actionIdOf(event.data.intentId, 0, 0);
  if (event.type === 'countersign.intent.accepted.v1') return event.data.action?.actionId ?? null;
  return 'actionId' in event.data ? (event.data.actionId ?? null) : null;
}

const intentOf = ({ event }: Incoming): string | undefined =>
  'intentId' in event.data ? event.data.intentId : undefined;

/** What was never accepted under a verified tenant is nobody's to see over HTTP, and not kept. */
const isShown = (incoming: Incoming) => intentOf(incoming) !== undefined && tenantOf(incoming.key) !== UNVERIFIED;

/** The columns of a batch's rows, one array each. JSON texts are one: joined by what no JSON holds raw, no quote needs escaping. */
export function columnsOf(batch: Incoming[]): [unknown[], ...unknown[]] {
  const rows = batch.filter(isShown);
  const column = (pick: (incoming: Incoming) => unknown) => rows.map(pick);
  return [
    column((row) => intentOf(row)),
    column(({ record }) => record.topic),
    column(({ record }) => record.partition),
    column(({ record }) => String(record.offset)),
    column(({ record }) => record.timestamp),
    column(({ key }) => tenantOf(key)),
    column(actionOf),
    column(({ event }) => event.type),
    rows.map(({ key, event: { data: _, ...attributes } }) => JSON.stringify({ ...attributes, key })).join('\u001f'),
    column(({ signature }) => signature ?? null),
    rows.map(({ text }) => text).join('\u001f'),
  ];
}

/** One insert a batch, in the batch's transaction, and one of what changed. Of approvals only that they changed: the queue is another's. */
export async function project(tx: SqlTx, { incoming }: Applied): Promise<void> {
  const columns = columnsOf(incoming.filter(({ record }) => record.topic !== 'approvals'));
  if (columns[0].length > 0) await tx.query('insert-intent-events', INSERT, columns);
  await insertChanges(tx, incoming);
}

/** More events than an intent can have honestly: what is beyond is not looked at. */
const MOST_EVENTS = 2_000;

const RETENTION_MS = 30 * 24 * 3600 * 1000;

/** Where a page of drafts ended. */
export interface DraftPlace {
  appendedAt: string;
  actionId: string;
}

/** What is asked of the read model. Every query is bound to the caller's tenant. */
export class IntentEvents {
  constructor(private readonly source: DataSource) {}

  ofIntent(tenant: string, intentId: string): Promise<IntentEventRow[]> {
    const order = { appendedAt: 'ASC', topic: 'ASC', partition: 'ASC', offset: 'ASC' } as const;
    return this.source.getRepository(IntentEventRow).find({ where: { tenant, intentId }, order, take: MOST_EVENTS });
  }

  async intentOfAction(tenant: string, actionId: string): Promise<string | undefined> {
    const row = await this.source
      .getRepository(IntentEventRow)
      .findOne({ select: { intentId: true }, where: { tenant, actionId } });
    return row?.intentId;
  }

  /** Drafts of a tenant, or of one person there, from a place on; the newest first. */
  drafted(tenant: string, owner: string | undefined, limit: number, after?: DraftPlace): Promise<IntentEventRow[]> {
    const query = this.source
      .getRepository(IntentEventRow)
      .createQueryBuilder('e')
      .where('e.tenant = :tenant and e.type = :type', { tenant, type: 'countersign.action.drafted.v1' })
      .orderBy('e.appended_at', 'DESC')
      .addOrderBy('e.action_id', 'DESC')
      .limit(limit);
    if (owner !== undefined) query.andWhere(`e.covered::jsonb ->> 'actorid' = :owner`, { owner });
    if (after) query.andWhere('(e.appended_at, e.action_id) < (:appendedAt, :actionId)', { ...after });
    return query.getMany();
  }

  /** The warrants of these events' actions. */
  async warrants(rows: readonly IntentEventRow[]): Promise<IntentEventRow[]> {
    if (rows.length === 0) return [];
    const actionId = In(rows.map((row) => row.actionId));
    const intentId = In(rows.map((row) => row.intentId));
    const where = { intentId, actionId, type: 'countersign.action.approved.v1' as const };
    return this.source.getRepository(IntentEventRow).find({ where, take: MOST_EVENTS });
  }

  /** Forgets what is past the read model's time: audit is the long memory. */
  async sweep(now: Date): Promise<void> {
    await this.source
      .getRepository(IntentEventRow)
      .delete({ appendedAt: LessThan(String(now.getTime() - RETENTION_MS)) });
  }

  /** How many events there are now of each of these intents and actions: one query for all who wait. */
  async counts(ids: string[]): Promise<Map<string, number>> {
    const rows = await this.source.query<{ id: string; n: string }[]>(
      `select intent_id as id, count(*) as n from intent_events where intent_id = any($1) group by 1
       union all
       select action_id, count(*) from intent_events where action_id = any($1) group by 1`,
      [ids],
    );
    return new Map(rows.map(({ id, n }) => [id, Number(n)]));
  }
}
