import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { TOPICS, topicName, type Topic } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/testing';
import type { World } from '../world.js';
import type { Hit, Needles } from './needles.js';
import { logsDir, partitionOf, type Since } from './since.js';
import { MARK, type Stage } from './stage.js';

/** Where something is kept or told, as text. */
export interface Place {
  kind: string;
  where: string;
  text: string;
}

/** What was looked through, by kind of place, and what was found. */
export class Sweep {
  readonly hits: Hit[] = [];
  readonly places = new Map<string, number>();
  bytes = 0;

  constructor(private readonly needles: Needles) {}

  async through(places: AsyncIterable<Place>): Promise<void> {
    for await (const { kind, where, text } of places) {
      this.places.set(kind, (this.places.get(kind) ?? 0) + 1);
      this.bytes += text.length;
      this.hits.push(...this.needles.in(`${kind}: ${where}`, text));
    }
  }
}

const PAGE = 2_000;

/** Every row written since of every table of every schema but the database's own: bytes are told in hex, and as the text they may be. */
export async function* tables(owner: pg.Pool, since: Since, only = '%'): AsyncGenerator<Place> {
  const client = await owner.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    const { rows } = await client.query<{ name: string; schema: string }>(TABLES, [only]);
    for (const { name, schema } of rows) {
      await client.query(
        `declare rows no scroll cursor for select to_jsonb(t)::text as row from ${name} t where ${WRITTEN_SINCE}`,
        [since.transaction],
      );
      for (;;) {
        const page = await client.query<{ row: string }>(`fetch ${PAGE} from rows`);
        for (const { row } of page.rows) yield { kind: `database ${schema}`, where: name, text: withBytes(row) };
        if (page.rows.length < PAGE) break;
      }
      await client.query('close rows');
    }
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** Transactions are told apart by their age: their numbers begin anew. */
const WRITTEN_SINCE = 'age(t.xmin) <= age($1::xid8::xid)';

const TABLES = `
  select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name, n.nspname as schema
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%' and n.nspname like $1
   order by 1`;

const BYTES = /\\\\x((?:[0-9a-f]{2}){8,})/g;
const withBytes = (row: string): string => {
  const bytes = [...row.matchAll(BYTES)].map(([, hex]) => Buffer.from(hex ?? '', 'hex').toString('latin1'));
  return bytes.length > 0 ? `${row} ${bytes.join(' ')}` : row;
};

/** Every record of every topic since, but those that a planter wrote itself, and of a request written here the words of whoever asked. */
export async function* topics({ plain, system }: World, { offsets }: Since): AsyncGenerator<Place> {
  const all = await Promise.all(TOPICS.map((topic) => plain.readAll(topicName(topic, system.topicPrefix))));
  for (const [at, topic] of TOPICS.entries())
    for (const record of all[at]!) {
      const { partition, offset, key, headers } = record;
      const isOld = BigInt(offset) < (offsets.get(partitionOf(topic, partition)) ?? 0n);
      if (isOld || headers[MARK] !== undefined) continue;
      const text = `${key} ${JSON.stringify(headers)} ${valueOf(topic, record)}`;
      yield { kind: `topic ${topic}`, where: `${headers['ce_type']} ${partition}/${offset}`, text };
    }
}

function valueOf(topic: Topic, { value, headers }: StoredRecord): string {
  const text = value?.toString() ?? '';
  if (topic !== 'intents') return text;
  if (headers['ce_source'] !== '/gateway') return '';
  const { text: _, rationale: __, arguments: ___, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify(rest);
}

/** What stands for the world outside keeps its own. */
const OUTSIDE = /^(helpdesk|model)-/;

export async function* logs(world: World, since: Since): AsyncGenerator<Place> {
  const dir = logsDir(world);
  for (const file of readdirSync(dir).filter((name) => !OUTSIDE.test(name))) {
    const written = readFileSync(path.join(dir, file)).subarray(since.logs.get(file) ?? 0);
    for (const line of written.toString('utf8').split('\n')) yield { kind: 'logs', where: file, text: line };
  }
}

const SERVICES = ['policy', 'planner', 'approval', 'executor', 'audit', 'gateway'] as const;

export async function* metrics({ system }: World): AsyncGenerator<Place> {
  for (const service of SERVICES) {
    const { PORT: port } = system.env(service);
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    yield { kind: 'metrics', where: service, text: await response.text() };
  }
}

const AT_ONCE = 20;

/** Whatever people are told over HTTP, of `every` so many intents: traces with their explanations, parked records listed and shown, switches, lists. */
export async function* shown(stage: Stage, every: number): AsyncGenerator<Place> {
  const { world, intents } = stage;
  const [audra, sam] = await Promise.all([world.person('audra'), world.person('sam')]);
  const told = async (person: typeof audra, path: string) => {
    const { status, body } = await person.call('GET', path);
    return { status, body, text: JSON.stringify(body ?? '') };
  };
  const looked = intents.filter((_, n) => n % every === 0);
  const actions = await actionsOf(world, looked);
  const auditors = [
    ...looked.flatMap((intentId) => [`/v1/intents/${intentId}`, `/v1/traces/${intentId}`]),
    ...actions.map((actionId) => `/v1/actions/${actionId}/explanation`),
    ...['/v1/traces?limit=200', '/v1/traces?tenant=unverified&limit=200', '/v1/metrics/summary'],
  ];
  const operators = ['/v1/control', '/v1/pipeline', '/v1/in-doubt'];
  const asked = [...auditors.map((path) => [audra, path] as const), ...operators.map((path) => [sam, path] as const)];
  for (let next = 0; next < asked.length; next += AT_ONCE)
    yield* await Promise.all(
      asked.slice(next, next + AT_ONCE).map(async ([person, path]) => {
        return { kind: 'HTTP', where: path, text: (await told(person, path)).text };
      }),
    );
  yield* parked(async (path) => (await told(sam, path)).body as Listing);
}

/** What an auditor takes away: a line a record, and the checkpoints. */
export async function* exported(world: World, { at }: Since): AsyncGenerator<Place> {
  const { token, gateway } = await world.person('audra');
  const response = await fetch(`${gateway}/v1/audit/export?from=${at}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`GET /v1/audit/export answered ${response.status}: ${await response.text()}`);
  for (const text of (await response.text()).split('\n')) yield { kind: 'export', where: text.slice(0, 60), text };
}

interface Listing {
  data: { id: string }[];
  nextCursor: string | null;
}

async function* parked(told: (path: string) => Promise<Listing>): AsyncGenerator<Place> {
  let cursor: string | null = '';
  do {
    const list: Listing = await told(`/v1/parked?limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
    for (const { id, ...row } of list.data) yield { kind: 'parked', where: id, text: JSON.stringify(row) };
    const [first] = list.data;
    if (first)
      yield {
        kind: 'parked',
        where: first.id,
        text: JSON.stringify(await told(`/v1/parked/${encodeURIComponent(first.id)}`)),
      };
    cursor = list.nextCursor;
  } while (cursor);
}

async function actionsOf({ owner }: World, intents: string[]): Promise<string[]> {
  const text = 'select distinct action from audit.records where intent = any($1) and action is not null';
  const { rows } = await owner.query<{ action: string }>(text, [intents]);
  return rows.map(({ action }) => action);
}
