import { UNVERIFIED, type Person } from '@countersign/contracts';
import { readAs } from '@countersign/migrations';
import type { DataSource, EntityManager, SelectQueryBuilder } from 'typeorm';
import type { Cursor, TraceQuery } from './query.js';
import { RecordRow } from './record.entity.js';
import { isAuditor, shownTo } from './shown-to.js';

const ACCEPTED = 'countersign.intent.accepted.v1';
const REFUSED = 'countersign.intent.refused.v1';
/** Who sees the traces of everyone in their tenant; others see their own. */
const SEE_ALL = ['auditor', 'sre', 'admin', 'support-lead'];
/** Far above what an honest intent can come to: 32 proposals of some ten records each. */
const TRACE_LIMIT = 5000;
const CONTROL_LIMIT = 2000;

export const seesAll = ({ roles }: Person) => roles.some((role) => SEE_ALL.includes(role));

/** The trace store, to be read in somebody's name: in one transaction that sees nothing of another tenant's. */
export class Traces {
  constructor(private readonly source: DataSource) {}

  as<T>(person: Person, read: (store: TraceStore) => Promise<T>): Promise<T> {
    return readAs(this.source, person.tenant, (rows) => read(new TraceStore(rows, person)));
  }
}

/** What one person asks. Every question is bound to their tenant beside that. */
export class TraceStore {
  constructor(
    private readonly rows: EntityManager,
    private readonly person: Person,
  ) {}

  private get records(): SelectQueryBuilder<RecordRow> {
    return this.rows.getRepository(RecordRow).createQueryBuilder('r');
  }

  private async many(query: SelectQueryBuilder<RecordRow>): Promise<RecordRow[]> {
    return (await query.getMany()).map((row) => shownTo(this.person, row));
  }

  /** The records that began the traces a search finds, newest first: `limit` and one more if there are more. */
  async search(query: TraceQuery, after: Cursor | undefined): Promise<RecordRow[]> {
    const found = this.begun(query.tenant === UNVERIFIED)
      .orderBy('r.appendedAt', 'DESC')
      .addOrderBy('r.topic', 'DESC')
      .addOrderBy('r.partition', 'DESC')
      .addOrderBy('r.offset', 'DESC')
      .take(query.limit + 1);
    if (after)
      found.andWhere('(r.appendedAt, r.topic, r.partition, r.offset) < (:at, :topic, :partition, :offset)', after);
    if (query.actor) found.andWhere('r.actor = :actor', { actor: query.actor });
    if (query.from) found.andWhere('r.appendedAt >= :from', { from: query.from });
    if (query.to) found.andWhere('r.appendedAt < :to', { to: query.to });
    // Each may be said by another record of the trace.
    this.some(found, 'tool', 's.tool = :tool', query.tool);
    this.some(found, 'rule', ':rule = any(s.rules)', query.rule);
    const auditor = isAuditor(this.person);
    this.some(found, 'code', auditor ? 's.code = :code or s.auditCode = :code' : 's.code = :code', query.code);
    this.some(found, 'outcome', 's.outcome = :outcome', query.outcome);
    this.some(found, 'subject', 's.subject = :subject or :subject = any(s.about)', query.subject);
    this.some(found, 'record', ':record = any(s.about)', query.record);
    this.some(
      found,
      'text',
      // A search must not find what is not shown.
      auditor ? 's.value ilike :text' : `regexp_replace(s.value, ',?"auditCode":"[A-Z_]+"', '') ilike :text`,
      query.text === undefined ? undefined : `%${query.text.replace(/[\\%_]/g, '\\$&')}%`,
    );
    return this.many(found);
  }

  /** What policy, the executor and the planner say became of several intents, without their values. */
  async of(intents: string[]): Promise<RecordRow[]> {
    if (intents.length === 0) return [];
    const said = this.records
      .select([
        'r.topic',
        'r.partition',
        'r.offset',
        'r.appendedAt',
        'r.id',
        'r.type',
        'r.tenant',
        'r.intent',
        'r.action',
        'r.tool',
        'r.code',
        'r.auditCode',
        'r.outcome',
      ])
      .where('r.intent in (:...intents)', { intents })
      .andWhere(
        `r.topic in ('decisions', 'results', 'replies') and r.signature in ('valid', 'not-required') and r.poisonReason is null`,
      )
      .orderBy('r.appendedAt')
      // What is of one millisecond in the order of a trace: a result after the decision it answers.
      .addOrderBy('r.topic')
      .addOrderBy('r.partition')
      .addOrderBy('r.offset');
    return this.many(said);
  }

  /** The record that began an intent's trace, if the caller may see it. */
  begin(intentId: string): Promise<RecordRow | null> {
    return this.begun(undefined).andWhere('r.intent = :intentId', { intentId }).orderBy('r.appendedAt').getOne();
  }

  /**
   * Whose an intent is, by what else is signed about it, when the record that began its trace is gone: its explanation then
   * says so. Only to those who see everyone's, since who asked is what is missing.
   */
  async tenantWithoutBegin(intentId: string): Promise<string | undefined> {
    const { person } = this;
    if (!seesAll(person)) return undefined;
    const query = this.records.where(`r.intent = :intentId and r.signature = 'valid' and r.tenant = :tenant`, {
      intentId,
      tenant: person.tenant,
    });
    return (await query.getExists()) ? person.tenant : undefined;
  }

  /** Every record that names an intent, in the order appended; those that prove to be what they say first, should there be too many. */
  async trace(intentId: string): Promise<RecordRow[]> {
    const query = this.records
      .where('r.intent = :intentId', { intentId })
      .orderBy(`case when r.signature in ('valid', 'not-required') and r.poisonReason is null then 0 else 1 end`)
      .addOrderBy('r.appendedAt')
      .addOrderBy('r.topic')
      .addOrderBy('r.partition')
      .addOrderBy('r.offset')
      .take(TRACE_LIMIT);
    return (await this.many(query)).sort((a, b) => a.appendedAt.getTime() - b.appendedAt.getTime());
  }

  /** What was said of these switches and stages, and what was signed of it, in the order appended: the latest, should there be too many. */
  async control(scopes: string[]): Promise<RecordRow[]> {
    if (scopes.length === 0) return [];
    const latest = await this.many(
      this.records
        .where(`r.topic in ('control', 'control-acks') and r.key in (:...scopes)`, { scopes })
        .andWhere(`r.signature in ('valid', 'not-required') and r.poisonReason is null`)
        .orderBy('r.appendedAt', 'DESC')
        .addOrderBy('r.offset', 'DESC')
        .take(CONTROL_LIMIT),
    );
    return latest.reverse();
  }

  /** Raw requests as a source published them: one filed under a tenant that proved not to be its own. */
  raw(source: string, id: string): Promise<RecordRow[]> {
    return this.records
      .where(`r.topic = 'intents' and r.id = :id and r.source = :source`, { id, source })
      .orderBy('r.appendedAt')
      .take(100)
      .getMany();
  }

  /** The intents that records speak of an action under; forged ones may name another. */
  async intentsOf(actionId: string): Promise<string[]> {
    const rows = await this.records
      .select('r.intent', 'intent')
      .distinct(true)
      .where('r.action = :actionId and r.intent is not null', { actionId })
      .andWhere(`r.signature in ('valid', 'not-required')`)
      .limit(20)
      .getRawMany<{ intent: string }>();
    return rows.map(({ intent }) => intent);
  }

  /** Acceptances and refusals policy signed that the person may see. What was never accepted is apart, under `unverified`. */
  private begun(unverified: boolean | undefined): SelectQueryBuilder<RecordRow> {
    const { person } = this;
    const own = unverified === true ? '' : 'r.tenant = :tenant';
    const apart =
      unverified === false || !seesAll(person) ? '' : '(r.tenant = :unverified and r.claimedTenant = :tenant)';
    const visible = [own, apart].filter(Boolean).join(' or ') || 'false';
    const query = this.records
      .where(`r.type in (:...begun) and r.signature = 'valid'`, { begun: [ACCEPTED, REFUSED] })
      .andWhere(`(${visible})`, { tenant: person.tenant, unverified: UNVERIFIED });
    return seesAll(person) ? query : query.andWhere('r.actor = :self', { self: person.sub });
  }

  private some(query: SelectQueryBuilder<RecordRow>, name: string, condition: string, value: string | undefined): void {
    if (value === undefined) return;
    const exists = query
      .subQuery()
      .select('1')
      .from(RecordRow, 's')
      .where(`s.intent = r.intent and s.signature in ('valid', 'not-required') and (${condition})`)
      .getQuery();
    query.andWhere(`exists ${exists}`, { [name]: value });
  }
}
