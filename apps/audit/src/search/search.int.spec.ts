import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Person } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/evidence';
import { readAs } from '@countersign/migrations';
import { testServiceDatabase, type TestServiceDatabase } from '@countersign/testing';
import pg from 'pg';
import { DataSource } from 'typeorm';
import * as migrations from '../migrations.js';
import { parsed } from '../parsed.js';
import { cursorText, facetsQuery, parseQuery, type Cursor } from '../query.js';
import { planOfSearch } from '../scale/plan.js';
import { batches, partitionsBefore, seed } from '../scale/seed.js';
import { COUNTED, facets } from './facets.js';
import { search } from './search.js';

/** More traces of one tenant than a search reaches through at first. */
const EVENTS = 8_000;
const NOW = Date.now();
const person = (sub: string, role: string, tenant = 'acme'): Person => ({ sub, tenant, roles: [role] });
const AUDRA = person('audra', 'auditor');
const BOB = person('bob', 'support-lead');
const ALICE = person('alice', 'support-agent');
const GINA = person('gina', 'auditor', 'globex');

/** Common, rare, old and absent values, alone and together. */
const SEARCHES: Record<string, string>[] = [
  {},
  { tool: 'issue_refund' },
  { tool: 'credit_points' },
  { tool: 'close_account' },
  { tool: 'no_such_tool' },
  { actor: 'alice' },
  { rule: 'the-rule', outcome: 'committed' },
  { rule: 'rule-of-the-year' },
  { code: 'PERMISSION_DENIED' },
  { code: 'PERMISSION_DENIED', outcome: 'committed' },
  { code: 'NOT_FOUND' },
  { code: 'TENANT_MISMATCH' },
  { outcome: 'rejected', record: 'ord_1002' },
  { subject: 'ord_1002' },
  { subject: `int_${(800).toString(16).padStart(32, '0')}` },
  { text: 'Zeppelin' },
  { text: 'refund word0' },
  { text: 'order', tool: 'credit_points', from: new Date(NOW - 31 * 86_400_000).toISOString() },
  { outcome: 'committed', from: daysAgo(9), to: daysAgo(3) },
];
const TERMS = ['tool', 'rule', 'code', 'outcome', 'record', 'text'];
type Found = Cursor;
function daysAgo(days: number): string {
  return new Date(NOW - days * 86_400_000).toISOString();
}

describe('the search over many days and tenants', () => {
  let database: TestServiceDatabase;
  let owner: pg.Pool;
  let source: DataSource;
  let stored: StoredRecord[];
  beforeAll(async () => {
    database = await testServiceDatabase('audit', migrations);
    owner = new pg.Pool({ connectionString: database.url, max: 2, options: '-c search_path=audit' });
    await partitionsBefore(owner, NOW);
    const all = [...batches(EVENTS, NOW)];
    await seed(owner, all);
    stored = all.flat();
    source = await new DataSource({ type: 'postgres', url: database.serviceUrl }).initialize();
  });
  afterAll(async () => {
    await source.destroy();
    await owner.end();
    await database.drop();
  });

  it('finds, page by page and newest first, what looking through every record finds', async () => {
    for (const who of [AUDRA, BOB, ALICE, GINA])
      for (const asked of SEARCHES) {
        const expected = lookedThrough(stored, who, asked);
        const found = await pages(who, asked, Math.max(1, Math.ceil(expected.length / 2)));
        expect({ who, asked, found }).toEqual({ who, asked, found: expected });
      }
  });

  it('goes by indexes and through no record, in anybody’s name', async () => {
    for (const who of [AUDRA, ALICE])
      for (const asked of SEARCHES.filter((each) => Object.keys(each).some((field) => TERMS.includes(field)))) {
        const plan = await planOfSearch(source, who, asked);
        expect({ asked, plan }).toEqual({ asked, plan: expect.arrayContaining(['terms_said']) });
        expect(plan.filter((part) => /^records|terms whole/.test(part))).toEqual([]);
      }
  });

  it('counts, of the traces it finds, what looking through every record counts', async () => {
    const shapes: Record<string, string>[] = [
      {},
      { tool: 'credit_points' },
      { outcome: 'committed', from: daysAgo(9) },
      { text: 'Zeppelin' },
    ];
    for (const who of [AUDRA, ALICE])
      for (const asked of shapes) {
        const found = lookedThrough(stored, who, asked).slice(0, COUNTED);
        const counted = await readAs(source, who.tenant, (rows) => facets(rows, parsed(facetsQuery, asked), who));
        expect({ who, asked, traces: counted.traces }).toEqual({ who, asked, traces: found.length });
        const among = new Set(found.map(({ offset }) => offset));
        for (const field of ['tool', 'code', 'outcome', 'rule', 'actor'] as const)
          for (const { value, count } of counted[field]) {
            const saying = lookedThrough(stored, who, { [field]: value }).filter(({ offset }) => among.has(offset));
            expect({ who, asked, field, value, count }).toEqual({ who, asked, field, value, count: saying.length });
          }
      }
  });

  it('has nothing of another tenant to find, whatever statement asks', async () => {
    const tenants = (table: string) =>
      readAs(source, 'globex', (rows) => rows.query<unknown[]>(`SELECT DISTINCT tenant FROM ${table}`));
    expect([await tenants('begun'), await tenants('terms')]).toEqual([[{ tenant: 'globex' }], [{ tenant: 'globex' }]]);
  });

  async function pages(who: Person, asked: Record<string, string>, limit: number): Promise<Found[]> {
    const found: Found[] = [];
    for (let cursor: string | undefined; ;) {
      const given = { ...asked, limit: String(Math.min(limit, 200)), ...(cursor ? { cursor } : {}) };
      const { query, after } = parseQuery(given);
      const places = await readAs(source, who.tenant, (rows) => search(rows, query, who, after));
      const page = places.slice(0, query.limit).map(({ at, topic, partition, offset }) => ({
        ...{ at: at.toISOString(), topic, partition, offset },
      }));
      found.push(...page);
      if (places.length <= query.limit) return found;
      cursor = cursorText(page.at(-1)!);
    }
  }
});

/** Where the traces begin that a search must find, by reading every record. */
function lookedThrough(rows: StoredRecord[], who: Person, asked: Record<string, string>): Found[] {
  const traces = Map.groupBy(
    rows.filter(({ tenant, signature }) => tenant === who.tenant && signature === 'valid'),
    ({ intent }) => intent!,
  );
  const begins = (row: StoredRecord) => row.type === 'countersign.intent.accepted.v1';
  return [...traces.values()]
    .map((records) => ({ records, begin: records.find(begins)! }))
    .filter(({ records, begin }) => {
      if (who === ALICE && begin.actor !== who.sub) return false;
      const at = begin.appendedAt.toISOString();
      return Object.entries(asked).every(([field, value]) =>
        field === 'from'
          ? at >= value
          : field === 'to'
            ? at < value
            : says(field, value, records, begin, who === AUDRA || who === GINA),
      );
    })
    .sort(
      (a, b) =>
        b.begin.appendedAt.getTime() - a.begin.appendedAt.getTime() || Number(b.begin.offset) - Number(a.begin.offset),
    )
    .map(({ begin: { appendedAt, topic, partition, offset } }) => ({
      ...{ at: appendedAt.toISOString(), topic, partition, offset },
    }));
}

function says(field: string, value: string, records: StoredRecord[], begin: StoredRecord, auditor: boolean): boolean {
  if (field === 'actor') return begin.actor === value;
  // What the request says is said by its acceptance again.
  if (field === 'text') {
    const text = begin.value!.toLowerCase().replaceAll(/[^a-z0-9_]+/g, ' ');
    return value
      .toLowerCase()
      .split(' ')
      .every((word) => ` ${text} `.includes(` ${word} `));
  }
  return records.some(
    ({ tool, rules, code, auditCode, outcome, about, subject }) =>
      ({
        tool: tool === value,
        rule: rules.includes(value),
        code: code === value || (auditor && auditCode === value),
        outcome: outcome === value,
        subject: subject === value || about.includes(value),
        record: about.includes(value),
      })[field],
  );
}
