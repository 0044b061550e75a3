import pg from 'pg';

/** Ids that are derived of what caused them (libs/contracts, ids). */
const DERIVED = String.raw`\m((?:int|act|evt|apr|key|wrk)_[0-9a-f]{32})\M`;
const MARK = '\u00a7';
/** Partitions that Kafka's topics have not: what stands there is never the ingest's. */
const NO_PARTITION = 1_000;
const AT_ONCE = 10_000;

interface Filling {
  /** Copies of a row in one statement. */
  atOnce?: number;
  tell?: (text: string) => void;
}

interface Table {
  schema: string;
  name: string;
}

/** Copies of what the system itself wrote of one intent, by SQL: the same rows, with other ids. */
export class Filler {
  private constructor(
    private readonly client: pg.Client,
    private readonly atOnce: number,
    private readonly tell: (text: string) => void,
  ) {}

  static async open(url: string, { atOnce = AT_ONCE, tell = () => undefined }: Filling = {}): Promise<Filler> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return new Filler(client, atOnce, tell);
  }

  close(): Promise<void> {
    return this.client.end();
  }

  /** Every row in these schemas that names the intent, so many times more. Gives how many rows were added. */
  async copyIntent(intentId: string, times: number, schemas: string[]): Promise<number> {
    let added = 0;
    for (const table of await this.tables(schemas)) added += await this.copyRows(table, intentId, times, '');
    await this.settle();
    return added;
  }

  /** What the database does by itself after a while: else it did it while something is measured. */
  private async settle(): Promise<void> {
    await this.client.query('VACUUM ANALYZE');
    await this.client.query('CHECKPOINT');
  }

  /** The intent's records in the trace store and what finds them, until so many records were added. Trees of hashes are left as they are. */
  async copyTrace(intentId: string, records: number): Promise<number> {
    const { rows } = await this.client.query<{ n: string }>('select count(*) n from audit.records where intent = $1', [
      intentId,
    ]);
    const times = Math.ceil(records / Math.max(1, Number(rows[0]?.n)));
    const place = ` || jsonb_build_object('partition', ${NO_PARTITION}, 'offset', n * 100 + s.number)`;
    const added = await this.copyRows({ schema: 'audit', name: 'records' }, intentId, times, place);
    for (const name of ['begun', 'terms']) await this.copyRows({ schema: 'audit', name }, intentId, times, '');
    await this.settle();
    return added;
  }

  private async tables(schemas: string[]): Promise<Table[]> {
    const { rows } = await this.client.query<Table>(
      `select schemaname "schema", tablename "name" from pg_tables where schemaname = any($1) order by 1, 2`,
      [schemas],
    );
    return rows;
  }

  /** Rows whose key holds no id of the intent stand for others as well: they are there already and stay. */
  private async copyRows({ schema, name }: Table, intentId: string, times: number, place: string): Promise<number> {
    const table = `"${schema}"."${name}"`;
    // Read once: the copies name the intent too, and would be copied in their turn.
    await this.client.query('drop table if exists pg_temp.said');
    await this.client.query(
      `create temp table said as select row_number() over () number,
         regexp_replace(to_jsonb(t)::text, '${DERIVED}', '\\1${MARK}', 'g') row
       from ${table} t where to_jsonb(t)::text like ${pg.escapeLiteral(`%${intentId}%`)}`,
    );
    let added = 0;
    for (let from = 1; from <= times; from += this.atOnce) {
      const { rowCount } = await this.client.query(
        `insert into ${table} overriding system value
         select made.* from pg_temp.said s cross join generate_series($1::int, $2::int) n
         cross join lateral jsonb_populate_record(null::${table}, replace(s.row, '${MARK}', 'x' || n)::jsonb${place}) made
         on conflict do nothing`,
        [from, Math.min(times, from + this.atOnce - 1)],
      );
      added += rowCount ?? 0;
      if (from > 1) this.tell(`${table}: ${added} rows`);
    }
    return added;
  }
}
