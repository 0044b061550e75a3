import type { Incoming, Topic } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/evidence';
import type { SqlTx } from '@countersign/messaging';
import type pg from 'pg';
import { countedOf, type Counted } from '../figures/counted.js';
import { storeCounted } from '../figures/store-counted.js';
import { storeTerms } from '../search/store-terms.js';
import { storeRows } from '../store-rows.js';
import { Templates, type Own } from './templates.js';
import { DAYS, draw } from './traces.js';

const DAY = 24 * 3600 * 1000;
/** Records that come while one transaction is written: each batch is of one topic. */
const WINDOW = 1000;
/** What the shapes come to, as they are drawn. */
const EVENTS_A_TRACE = 9.2;
export const tracesOf = (events: number) => Math.ceil(events / EVENTS_A_TRACE);

/** The days' partitions before today: the service makes those ahead. */
export async function partitionsBefore(owner: pg.Pool, now: number): Promise<void> {
  for (let back = 1; back <= DAYS + 1; back++) {
    const [from, to] = [now - back * DAY, now - (back - 1) * DAY].map((at) => new Date(at).toISOString().slice(0, 10));
    const name = `records_${from!.replaceAll('-', '')}`;
    await owner.query(`CREATE TABLE ${name} PARTITION OF records FOR VALUES FROM ('${from}') TO ('${to}')`);
    await owner.query(`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
  }
}

/** Batches of so many events in all, the oldest traces first, ending `now`. */
export function* batches(events: number, now: number): Generator<StoredRecord[]> {
  const templates = new Templates();
  const offset = offsets();
  const count = tracesOf(events);
  let rows: StoredRecord[] = [];
  for (let number = 0; number < count; number++) {
    const { shape, own, age, waits } = draw(number, count);
    rows.push(...afterWait(templates.rows(shape, own, Math.floor(now - age * DAY), offset), waits * DAY));
    if (rows.length < WINDOW && number < count - 1) continue;
    yield* Map.groupBy(rows, ({ topic }) => topic).values();
    rows = [];
  }
}

/** What is said half-way waited for. */
const afterWait = (rows: StoredRecord[], ms: number) =>
  rows.map((row, index) =>
    index < rows.length / 2 ? row : { ...row, appendedAt: new Date(row.appendedAt.getTime() + ms) },
  );

/** Stores them as the ingest does. The next batch is made while one is written. */
export async function seed(owner: pg.Pool, all: Iterable<StoredRecord[]>): Promise<number> {
  const client = await owner.connect();
  let events = 0;
  try {
    let writing = Promise.resolve();
    for (const rows of all) {
      events += rows.length;
      await writing;
      writing = write(client, rows);
    }
    await writing;
  } finally {
    client.release();
  }
  // What the database does by itself after a while.
  await owner.query('VACUUM ANALYZE');
  return events;
}

async function write(client: pg.PoolClient, rows: StoredRecord[]): Promise<void> {
  const tx = txOf(client);
  await client.query('BEGIN');
  await storeRows(tx, rows);
  await storeTerms(tx, rows);
  await storeCounted(tx, countedIn(rows));
  await client.query('COMMIT');
}

/** What is counted of the rows: each was well-formed when it was made. */
export const countedIn = (rows: StoredRecord[]): Counted[] =>
  rows.flatMap((row) => countedOf(row, { event: { type: row.type, data: JSON.parse(row.value!) } } as Incoming));

export const txOf = (client: pg.PoolClient): SqlTx => ({
  query: async <R extends object>(name: string, text: string, values: unknown[]) =>
    (await client.query<R>({ name, text, values })).rows,
});

/** One trace of so many events: what lies between its beginning and its reply over and over. */
export function longTrace(own: Own, events: number, at: number): StoredRecord[] {
  const templates = new Templates();
  const offset = offsets(1_000_000_000);
  const once = (turn: number) => templates.rows('approved by a person', own, at + turn * 10, offset);
  const rows = once(0);
  for (let turn = 1; rows.length < events; turn++)
    rows.push(
      ...once(turn)
        .slice(2, -1)
        .map((row) => ({ ...row, id: `${row.id}_${turn}` })),
    );
  return rows.slice(0, events);
}

function offsets(from = 0): (topic: Topic) => string {
  const next = new Map<Topic, number>();
  return (topic) => {
    const offset = next.get(topic) ?? from;
    next.set(topic, offset + 1);
    return String(offset);
  };
}
