import type { MetricsSeries, MetricsSummary, Person } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/evidence';
import Table from 'cli-table3';
import { DataSource } from 'typeorm';
import { AuditWorld } from '../audit-world.fixture.js';
import { GROUP, ingestCost, type IngestCost } from './ingest-cost.js';
import { planOfSearch, planOfTrace } from './plan.js';
import { questions, type Question } from './questions.js';
import { batches, longTrace, partitionsBefore, seed, tracesOf } from './seed.js';
import { verifyPace, type VerifyPace } from './verify-pace.js';

const LIMIT_MS = 300;
const DAY = 24 * 3600 * 1000;
const TIMES = 20;
const MOST_INGEST_COST = 1.3;
const LONG_TRACE = 5000;
const COST_BATCHES = 30 * GROUP;
const MOST_VERIFIED = 100_000;
const LEAST_VERIFIED_A_SECOND = 50_000;

interface Line {
  what: string;
  value: string;
  found: number;
  p50: number;
  p95: number;
  plan: string[];
}

export interface Scaled {
  table: string;
  flaws: string[];
}

/** Fills a store of the real service and asks it over HTTP. */
export async function scale(events: number, say: (text: string) => void): Promise<Scaled> {
  const world = await AuditWorld.open();
  const source = await new DataSource({ type: 'postgres', url: world.database.serviceUrl }).initialize();
  try {
    const now = Date.now();
    await partitionsBefore(world.owner, now);
    const pace = await verifyPace([...batches(Math.min(events, MOST_VERIFIED), now)].flat());
    const cost = await fill(world, events, now, say);
    const lines: Line[] = [];
    for (const question of questions(now, tracesOf(events))) lines.push(await ask(world, source, question));
    for (const asked of FACETS) lines.push(await askFacets(world, asked));
    lines.push(await askFigures(world, '24 hours', now - DAY));
    lines.push(await askFigures(world, '7 days', now - 7 * DAY));
    lines.push(await askSeries(world, '24 hours', now - DAY));
    lines.push(await askSeries(world, '7 days', now - 7 * DAY));
    lines.push(await askLongTrace(world, source, now));
    const verified = `verify: ${Math.round(pace.perSecond).toLocaleString('en')} events/s of an export of ${pace.events.toLocaleString('en')}`;
    return { table: `${tableOf(lines, cost)}\n${verified}`, flaws: [...flawsOf(lines, cost), ...paceFlaws(pace)] };
  } finally {
    await source.destroy();
    await world.close();
  }
}

/** The last batches are those that the cost of their insert is measured by: into a store that is full already. */
async function fill(world: AuditWorld, events: number, now: number, say: (text: string) => void): Promise<IngestCost> {
  const all = batches(events, now);
  const last: StoredRecord[][] = [];
  function* first() {
    for (const batch of all) {
      last.push(batch);
      if (last.length > COST_BATCHES) yield last.shift()!;
    }
  }
  const stored = await seed(world.owner, first());
  say(`${stored.toLocaleString('en')} events stored`);
  const cost = await ingestCost(world.owner, last);
  await seed(world.owner, [longTrace(LONG, LONG_TRACE, now - 1000)]);
  const { rows } = await world.owner.query<{ records: string; begun: string; days: string }>(
    `SELECT (SELECT count(*) FROM records) AS records, (SELECT count(*) FROM begun) AS begun,
       (SELECT count(*) FROM pg_inherits WHERE inhparent = 'records'::regclass) AS days`,
  );
  say(`${rows[0]!.records} records of ${rows[0]!.begun} traces in ${rows[0]!.days} partitions`);
  return cost;
}

const LONG = {
  ...{ number: 10 ** 9, tenant: 'acme', actor: 'alice', tool: 'issue_refund', rule: 'the-rule', order: 'ord_1002' },
  text: 'refund order word1',
};

async function ask(world: AuditWorld, source: DataSource, question: Question): Promise<Line> {
  const { field, value, sub, role } = question;
  const token = await world.token(sub, 'acme', role);
  const person: Person = { sub, tenant: 'acme', roles: [role] };
  const { found, ...took } = await timed(async (n) => {
    const { status, body } = await world.get(`/v1/traces?${new URLSearchParams(question.ask(n)).toString()}`, token);
    if (status !== 200) throw new Error(`${field}, ${value}: ${status} ${JSON.stringify(body)}`);
    return (body as { data: unknown[] }).data.length;
  });
  return { what: field, value, found, ...took, plan: await planOfSearch(source, person, question.ask(0)) };
}

async function askLongTrace(world: AuditWorld, source: DataSource, now: number): Promise<Line> {
  const person: Person = { sub: 'audra', tenant: 'acme', roles: ['auditor'] };
  const token = await world.token(person.sub, person.tenant, ...person.roles);
  const intent = longTrace(LONG, 1, now)[0]!.intent!;
  const headers = { authorization: `Bearer ${token}` };
  // Until its last byte is there; what it says is looked at once.
  const whole = async () => (await fetch(`${world.service.url}/v1/traces/${intent}`, { headers })).arrayBuffer();
  const { found: _, ...took } = await timed(async () => (await whole()).byteLength);
  const found = (JSON.parse(Buffer.from(await whole()).toString()) as { records: unknown[] }).records.length;
  return { what: 'one trace', value: 'whole', found, ...took, plan: await planOfTrace(source, person, intent) };
}

/** By nothing, by what most say, by what few say, and by what none say together. */
const FACETS: Record<string, string>[] = [
  {},
  { tool: 'issue_refund' },
  { text: 'zeppelin' },
  { record: 'ord_1002' },
  { code: 'PERMISSION_DENIED', outcome: 'committed' },
];

/** `found`: traces that were counted. */
async function askFacets(world: AuditWorld, asked: Record<string, string>): Promise<Line> {
  const token = await world.token('audra', 'acme', 'auditor');
  const took = await timed(async () => {
    const { body } = await world.get(`/v1/traces/facets?${new URLSearchParams(asked).toString()}`, token);
    return (body as { traces: number }).traces;
  });
  return { what: 'facets', value: Object.values(asked).join(' ') || 'none', ...took, plan: [] };
}

/** `found`: intents. */
async function askFigures(world: AuditWorld, value: string, from: number): Promise<Line> {
  const token = await world.token('audra', 'acme', 'auditor');
  const took = await timed(async () => {
    const { body } = await world.get(`/v1/metrics/summary?from=${new Date(from).toISOString()}`, token);
    return (body as MetricsSummary).funnel.intents;
  });
  return { what: 'figures', value, ...took, plan: [] };
}

/** `found`: intents. */
async function askSeries(world: AuditWorld, value: string, from: number): Promise<Line> {
  const token = await world.token('audra', 'acme', 'auditor');
  const took = await timed(async () => {
    const query = `from=${new Date(from).toISOString()}&buckets=200`;
    const { data } = (await world.get(`/v1/metrics/series?${query}`, token)).body as MetricsSeries;
    return data.reduce((sum, { funnel }) => sum + funnel.intents, 0);
  });
  return { what: 'over time', value, ...took, plan: [] };
}

/** After one that is not counted. */
async function timed(once: (n: number) => Promise<number>): Promise<Pick<Line, 'found' | 'p50' | 'p95'>> {
  const found = await once(0);
  const took: number[] = [];
  for (let n = 0; n < TIMES; n++) {
    const from = performance.now();
    await once(n);
    took.push(performance.now() - from);
  }
  took.sort((a, b) => a - b);
  return { found, p50: took[TIMES / 2 - 1]!, p95: took[Math.ceil(TIMES * 0.95) - 1]! };
}

function tableOf(lines: Line[], cost: IngestCost): string {
  const table = new Table({
    head: ['field', 'value', 'found', 'p50 ms', 'p95 ms', 'by'],
    style: { head: [], border: [], compact: true },
  });
  for (const { what, value, found, p50, p95, plan } of lines)
    table.push([what, value, found, p50.toFixed(0), p95.toFixed(0), plan.join(', ')]);
  const { records, terms, counted } = cost;
  const times = (some: number) => `${some.toFixed(1)} (${(some / records).toFixed(2)} ×)`;
  return `${table.toString()}
insert, µs a record: ${records.toFixed(1)} alone, with what it is found by ${times(terms)}, and what is counted of it ${times(counted)}`;
}

function paceFlaws({ ok, perSecond }: VerifyPace): string[] {
  return [
    ...(ok ? [] : ['an export as it was written is not verified']),
    ...(perSecond < LEAST_VERIFIED_A_SECOND
      ? [`${perSecond.toFixed(0)} events/s are verified, ${LEAST_VERIFIED_A_SECOND} is the least`]
      : []),
  ];
}

function flawsOf(lines: Line[], { records, terms }: IngestCost): string[] {
  const ratio = terms / records;
  const slow = lines.filter(({ p95 }) => p95 >= LIMIT_MS);
  // A day that is hardly more than the long trace is rightly read so.
  const whole = lines.slice(0, -1).filter(({ plan }) => plan.some((part) => /^(terms|records\S*) whole$/.test(part)));
  const long = lines.at(-1)!.found;
  return [
    ...(long < LONG_TRACE ? [`the long trace shows ${long} of ${LONG_TRACE} events`] : []),
    ...slow.map(({ what, value, p95 }) => `${what}, ${value}: p95 ${p95.toFixed(0)} ms, ${LIMIT_MS} it may`),
    ...whole.map(({ what, value, plan }) => `${what}, ${value}: ${plan.join(', ')}`),
    ...(ratio > MOST_INGEST_COST ? [`the insert costs ${ratio.toFixed(2)} ×, ${MOST_INGEST_COST} it may`] : []),
  ];
}
