/*
 * The search for traces, newest first.
 *
 *  1  It reads two narrow tables and no records (but to tell whose an action is), so their partitions are not gone through, however many
 *     days there are.
 *  2  It looks through the newest traces first and stops when it has found a page: a common term is not read to its end. What a
 *     trace says is appended after it began, so of the traces begun since an instant all terms are known that were said since then.
 *  3  Every condition is the caller's tenant's, beside row-level security.
 */
import { UNVERIFIED, type Person, type Topic } from '@countersign/contracts';
import type { EntityManager } from 'typeorm';
import type { Cursor, TraceQuery } from '../query.js';
import { isAuditor, seesAll } from '../shown-to.js';
import { termOf, wordsOf } from './terms.js';

/** Where a trace that was found begins. */
export interface Begun {
  at: Date;
  topic: Topic;
  partition: number;
  offset: string;
  intent: string;
  actor: string | null;
}

type Asked = Pick<EntityManager, 'query'>;

/** Of how many traces, the newest first, the terms are looked through before those of all are; of more for a long page. */
const reachFor = (limit: number) => Math.max(500, 4 * limit);
/** What the clocks of two brokers may be apart, so that what follows may seem to come first; they are nearer. */
export const CLOCKS_APART_MS = 300_000;
const NEWEST = 'ORDER BY b.at DESC, b.topic DESC, b.partition DESC, b."offset" DESC';

/** At most `limit` and one more, so that it is known whether there are more. */
export async function search(
  rows: Asked,
  query: TraceQuery,
  person: Person,
  after: Cursor | undefined,
): Promise<Begun[]> {
  const terms = termsAsked(query, person);
  if (terms === undefined) return [];
  const saysSomething = terms.length > 0 || query.subject !== undefined;
  const since = saysSomething ? await reached(rows, begunSql(query, person, after), reachFor(query.limit)) : undefined;
  const found = since && (await run<Begun>(rows, searchSql(query, person, after, terms, since)));
  return found && found.length > query.limit ? found : run(rows, searchSql(query, person, after, terms, query.from));
}

/** The terms of which a trace has to have one each; undefined if none can. */
function termsAsked(query: TraceQuery, person: Person): string[][] | undefined {
  const { tool, rule, code, outcome, record, traceId, text } = query;
  const words = [...new Set(wordsOf(text ?? ''))];
  if (text !== undefined && words.length === 0) return undefined;
  return [
    tool === undefined ? [] : [termOf('tool', tool)],
    rule === undefined ? [] : [termOf('rule', rule)],
    code === undefined ? [] : [termOf('code', code), ...(isAuditor(person) ? [termOf('audit-code', code)] : [])],
    outcome === undefined ? [] : [termOf('outcome', outcome)],
    record === undefined ? [] : [termOf('record', record)],
    traceId === undefined ? [] : [termOf('trace', traceId.toLowerCase())],
    ...words.map((word) => [termOf('word', word)]),
  ].filter((asked) => asked.length > 0);
}

interface Sql {
  text: string;
  values: unknown[];
}
const run = <R>(rows: Asked, { text, values }: Sql): Promise<R[]> => rows.query<R[]>(text, values);

/** When the last of the newest traces began; undefined if there are not so many. */
async function reached(rows: Asked, { text, values }: Sql, reach: number): Promise<string | undefined> {
  const [row] = await run<{ at: Date }>(rows, {
    text: `SELECT b.at ${text} ${NEWEST} OFFSET ${reach} LIMIT 1`,
    values,
  });
  return row?.at.toISOString();
}

/**
 * Of traces begun `since`, where that is given. Written so, the intents of a term are read once into a hash table, and the traces looked
 * up in it: as a join the planner would look up each intent in `begun`, however many they are, since what an array holds it cannot estimate.
 */
function searchSql(
  query: TraceQuery,
  person: Person,
  after: Cursor | undefined,
  terms: string[][],
  since: string | undefined,
): Sql {
  const { text, values } = begunSql(query, person, after);
  const $ = (value: unknown) => `$${values.push(value)}`;
  const from = since && $(since);
  const saying = (terms: string[]) =>
    `SELECT unnest(t.intents) FROM terms t WHERE t.tenant = $1 AND t.term IN (${terms.map($).join(', ')})
      ${from ? `AND t.at >= ${from}::timestamptz - interval '${CLOCKS_APART_MS} ms'` : ''}`;
  const intents = [...terms.map(saying), ...(query.subject === undefined ? [] : [about(query.subject, saying, $)])];
  const found = intents.map((some) => `AND (b.intent IN (${some})) IS TRUE`).join(' ');
  const within = from ? `AND b.at >= ${from}` : '';
  const columns = 'b.at, b.topic, b.partition, b."offset", b.intent, b.actor';
  return { text: `SELECT ${columns} ${text} ${within} ${found} ${NEWEST} LIMIT ${query.limit + 1}`, values };
}

/** The intents that are about a record, that an action is of, or that is meant itself. */
function about(subject: string, saying: (terms: string[]) => string, $: (value: unknown) => string): string {
  const id = $(subject);
  return `${saying([termOf('record', subject)])}
    UNION ALL SELECT r.intent FROM records r WHERE r.action = ${id} AND r.signature = 'valid' UNION ALL SELECT ${id}::text`;
}

/** The traces a search is among, whatever they say. */
function begunSql(query: TraceQuery, person: Person, after: Cursor | undefined): Sql {
  const values: unknown[] = [person.tenant];
  const $ = (value: unknown) => `$${values.push(value)}`;
  // What was never accepted is apart, and theirs who see everyone's. Others see their own.
  const where = ['b.tenant = $1', query.tenant === UNVERIFIED && seesAll(person) ? 'b.unverified' : 'NOT b.unverified'];
  if (!seesAll(person)) where.push(`b.actor = ${$(person.sub)}`);
  if (query.actor !== undefined) where.push(`b.actor = ${$(query.actor)}`);
  if (query.from !== undefined) where.push(`b.at >= ${$(query.from)}`);
  if (query.to !== undefined) where.push(`b.at < ${$(query.to)}`);
  if (after) {
    const { at, topic, partition, offset } = after;
    where.push(`(b.at, b.topic, b.partition, b."offset") < (${[at, topic, partition, offset].map($).join(', ')})`);
  }
  return { text: `FROM begun b WHERE ${where.join(' AND ')}`, values };
}
