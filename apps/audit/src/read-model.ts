import { UNVERIFIED, type Person } from '@countersign/contracts';
import type { RecordSource, StoredRecord } from '@countersign/evidence';
import { readAs } from '@countersign/migrations';
import type { DataSource, EntityManager, SelectQueryBuilder } from 'typeorm';
import type { Cursor, FacetsQuery, TraceQuery } from './query.js';
import { RecordRow } from './record.entity.js';
import { facets, type TraceFacets } from './search/facets.js';
import { CLOCKS_APART_MS, search } from './search/search.js';
import { seesAll, shownTo } from './shown-to.js';
import { RECORD } from './tree/stored-lines.js';

const ACCEPTED = 'countersign.intent.accepted.v1';
const REFUSED = 'countersign.intent.refused.v1';
/** Far above what an honest intent can come to: 32 proposals of some ten records each. */
const TRACE_LIMIT = 5000;
const CONTROL_LIMIT = 2000;
/** Whoever may write a request may repeat it without end: only what a service signed goes before all else. */
const PROVED = `r.signature = 'valid'`;

/** The trace store, to be read in somebody's name: in one transaction that sees nothing of another tenant's. */
export class Traces {
  constructor(private readonly source: DataSource) {}

  as<T>(person: Person, read: (store: TraceStore) => Promise<T>): Promise<T> {
    return readAs(this.source, person.tenant, (rows) => read(new TraceStore(rows, person)));
  }
}

/** What one person asks. Every question is bound to their tenant beside that. */
export class TraceStore implements RecordSource {
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
    const found = await search(this.rows, query, this.person, after);
    if (found.length === 0) return [];
    const rows = await this.many(
      this.records.where(
        `(r.topic, r.partition, r.offset, r.appendedAt) in (select * from unnest(:topics::text[], :partitions::int[], :offsets::bigint[], :times::timestamptz[]))`,
        {
          topics: found.map(({ topic }) => topic),
          partitions: found.map(({ partition }) => partition),
          offsets: found.map(({ offset }) => offset),
          times: found.map(({ at }) => at.toISOString()),
        },
      ),
    );
    const places = new Map(rows.map((row) => [placeOf(row), row]));
    return found.flatMap(({ at, ...place }) => places.get(placeOf({ ...place, appendedAt: at })) ?? []);
  }

  /** What there is among the traces a search finds. */
  facets(query: FacetsQuery): Promise<TraceFacets> {
    return facets(this.rows, query, this.person);
  }

  /** What policy, the executor and the planner say became of the intents that began so, without their values. */
  async of(begun: RecordRow[]): Promise<RecordRow[]> {
    if (begun.length === 0) return [];
    const since = new Date(Math.min(...begun.map(({ appendedAt }) => appendedAt.getTime())) - CLOCKS_APART_MS);
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
      .where('r.intent in (:...intents)', { intents: begun.map(({ intent }) => intent) })
      // Days before any of them began are not looked into.
      .andWhere('r.appendedAt >= :since', { since })
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
  async trace(intentId: string): Promise<StoredRecord[]> {
    // Not put in order by the database: so many rows with all they say are sorted on its disk.
    const all = await this.ofIntent(intentId, `LIMIT ${TRACE_LIMIT + 1}`);
    if (all.length <= TRACE_LIMIT) return all.sort(inOrder);
    const first = (which: string, limit: number) =>
      this.ofIntent(intentId, `AND ${which} ORDER BY r.appended_at LIMIT ${limit}`);
    const proved = await first(PROVED, TRACE_LIMIT);
    const others = await first(`NOT (${PROVED})`, TRACE_LIMIT - proved.length);
    return [...proved, ...others].sort(inOrder);
  }

  /** As they come from the database: to make entities of so many takes typeorm longer than all else takes. */
  private async ofIntent(intentId: string, which: string): Promise<StoredRecord[]> {
    const text = `SELECT ${RECORD} FROM records r WHERE r.intent = $1 ${which}`;
    return (await this.rows.query<StoredRecord[]>(text, [intentId])).map((row) => shownTo(this.person, row));
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
}

const placeOf = (row: Pick<RecordRow, 'topic' | 'partition' | 'offset' | 'appendedAt'>) =>
  `${row.topic}/${row.partition}/${row.offset}/${row.appendedAt.getTime()}`;

/** By time; what is of one millisecond by its place. */
const inOrder = (a: StoredRecord, b: StoredRecord) =>
  a.appendedAt.getTime() - b.appendedAt.getTime() ||
  (a.topic < b.topic ? -1 : Number(a.topic > b.topic)) ||
  a.partition - b.partition ||
  Number(BigInt(a.offset) - BigInt(b.offset));
