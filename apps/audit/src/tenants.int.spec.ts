import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { approvers, metricsSummary, type MetricsSeries } from '@countersign/contracts';
import { readerOf } from '@countersign/migrations';
import type pg from 'pg';
import { AuditWorld } from './audit-world.fixture.js';
import * as migrations from './migrations.js';

const PEOPLE = {
  alice: ['alice', 'acme', 'support-agent'],
  anna: ['anna', 'acme', 'support-agent'],
  bob: ['bob', 'acme', 'support-lead'],
  audra: ['audra', 'acme', 'auditor'],
  ruth: ['ruth', 'acme', 'release'],
  gina: ['gina', 'globex', 'auditor'],
  /** Of another tenant, called as somebody here is. */
  namesake: ['alice', 'globex', 'support-agent'],
} as const;
type Who = keyof typeof PEOPLE;
/** Who is answered with a trace of alice's. */
const SEES: Record<Who, boolean> = {
  alice: true,
  anna: false,
  bob: true,
  audra: true,
  ruth: false,
  gina: false,
  namesake: false,
};
const ABSENT = 'absent_0000';
const MALFORMED = ['%25', "' or true --", 'nul\u0000', 'x'.repeat(90), '\u{1f600}', 'unverified', 'system'];

describe('whose traces a person is answered with', () => {
  let world: AuditWorld;
  let ids: { intentId: string; actionId: string };
  const tokens = {} as Record<Who, string>;
  beforeAll(async () => {
    world = await AuditWorld.open();
    const { records, ...published } = await world.publish('approved by a person', 'access');
    ids = published;
    await world.waitFor(records.length, 'intent = $1', ids.intentId);
    for (const who of Object.keys(PEOPLE) as Who[]) {
      const [sub, tenant, role] = PEOPLE[who];
      tokens[who] = await world.token(sub, tenant, role);
    }
  });
  afterAll(() => world.close());

  it.each([
    ['/v1/traces/{id}', 'intentId'],
    ['/v1/actions/{id}/explanation', 'actionId'],
  ] as const)('%s', async (path, kind) => {
    const ask = (who: Who, id: string) => world.get(path.replace('{id}', encodeURIComponent(id)), tokens[who]);
    const absent = await ask('alice', ABSENT);
    expect(absent).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    for (const who of Object.keys(PEOPLE) as Who[]) {
      const answer = await ask(who, ids[kind]);
      expect({ who, status: answer.status }).toEqual({ who, status: SEES[who] ? 200 : 404 });
      // Nothing tells another's from what is not there.
      if (!SEES[who]) expect(JSON.stringify(answer).replaceAll(ids[kind], ABSENT)).toBe(JSON.stringify(absent));
      for (const id of MALFORMED) expect((await ask(who, id)).status).toBe(404);
    }
  });

  it('in lists, whatever is searched for', async () => {
    for (const query of ['', 'tenant=acme', 'record=ord_1002', 'text=refund', 'actor=alice', 'tool=issue_refund']) {
      for (const who of Object.keys(PEOPLE) as Who[]) {
        const { body } = await world.get(`/v1/traces?${query}`, tokens[who]);
        const found = (body.data as { intentId: string }[]).map(({ intentId }) => intentId);
        expect({ query, who, found }).toEqual({ query, who, found: SEES[who] ? [ids.intentId] : [] });
      }
    }
    for (const field of ['tool', 'text'])
      expect((await world.get(`/v1/traces?${field}=%00`, tokens.audra)).status).toBe(422);
  });

  it('by SQL, in every table that people’s questions may look into: the one tenant’s rows, and none of the other’s', async () => {
    const reader = readerOf(new URL(world.database.serviceUrl).username);
    const client = await world.owner.connect();
    try {
      await client.query('begin');
      const { rows: tables } = await client.query<{ name: string }>(READABLE, [reader]);
      expect(tables.map(({ name }) => name)).toEqual(Object.keys(migrations.reads).sort());
      for (const tenant of ['hooli', 'umbrella']) for (const { name } of tables) await plant(client, name, tenant);
      await client.query(`select set_config('role', $1, true)`, [reader]);
      for (const { name } of tables)
        for (const tenant of ['hooli', 'umbrella']) {
          await client.query(`select set_config('countersign.tenant', $1, true)`, [tenant]);
          const { rows } = await client.query(`select distinct tenant from "${name}" order by tenant`);
          expect({ name, rows }).toEqual({ name, rows: [{ tenant }] });
        }
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  it('in figures: what their services signed for their tenant, each event once, and what was decided and by whom', async () => {
    const own = (shape: string, requestId: string) => world.write(shape, requestId, 'initech').records;
    const committed = own('approved by a person', 'f-1');
    const rejected = own('rejected by a person', 'f-2');
    const doubtful = own('in doubt and found by look-up', 'f-3').slice(0, -2);
    const told = [
      ...[...committed, ...rejected, ...doubtful],
      ...world.write('denied by rule', 'f-4', 'initech', (text) => text.replaceAll('allow', 'deny')).records,
      ...own('the target said no', 'f-5'),
      ...own('the preview changed and a person approved again', 'f-6'),
      ...own('in doubt and settled by a person', 'f-7'),
      ...own('nobody decided in time', 'f-8'),
      ...own('blocked by a kill switch', 'f-9'),
      ...own('a dry run', 'f-10'),
    ];
    const forged = own('the target said no', 'f-11').map((record) => ({
      ...record,
      headers: { ...record.headers, ce_signature: '' },
    }));
    const others = world.write('the target said no', 'f-12', 'globex').records;
    const unreadable = { ...committed.at(-1)!, value: '{' };
    const repeats = told.filter(({ topic }) => topic !== 'intents');
    const all = [...told, ...forged, ...others, unreadable, ...repeats];
    for (const record of all) await world.produce(record);
    // What audit says of incidents comes in beside them.
    await world.waitFor(all.length, `topic <> 'audit' and (key like 'initech/%' or key like 'globex/%')`);

    const ask = async (path: string, tenant: string, ...roles: string[]) =>
      world.get(path, await world.token('ida', tenant, ...roles));
    const { body } = await ask('/v1/metrics/summary', 'initech', 'auditor');
    expect(metricsSummary.parse(body)).toMatchObject(INITECH);
    expect(
      (await ask('/v1/metrics/summary?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z', 'initech', 'sre')).body,
    ).toMatchObject({
      ...{ funnel: { intents: 0, proposed: 0, approved: 0, committed: 0 }, tools: [], parked: 0 },
      approvals: { overrideRate: null, waitSeconds: null },
    });
    const { from, to } = metricsSummary.parse(body);
    const series = async (query: string, tenant = 'initech', role = 'auditor') =>
      (await ask(`/v1/metrics/series?${query}`, tenant, role)) as { status: number; body: MetricsSeries };
    for (const buckets of [1, 7, 200])
      expect(together((await series(`from=${from}&to=${to}&buckets=${buckets}`)).body)).toEqual({
        buckets,
        ...OVER_TIME,
      });
    // What came at the end of a stretch is the next one's: cut at an instant of the store's own, nothing counts twice or not at all.
    const [{ at }] = (
      await world.owner.query<{ at: Date }>(
        `SELECT max(at) AS at FROM counted WHERE tenant = 'initech' AND figure = 'committed'`,
      )
    ).rows as [{ at: Date }];
    const [since, until] = [new Date(at.getTime() - 60_000), new Date(at.getTime() + 60_000)];
    const cut = (await series(`from=${since.toISOString()}&to=${until.toISOString()}&buckets=2`)).body.data;
    const whole = (
      await ask(`/v1/metrics/summary?from=${since.toISOString()}&to=${until.toISOString()}`, 'initech', 'sre')
    ).body;
    expect(cut.map((bucket) => bucket.to)).toEqual([at.toISOString(), until.toISOString()]);
    expect(cut[1]!.funnel.committed).toBeGreaterThan(0);
    expect(cut[0]!.funnel.committed + cut[1]!.funnel.committed).toBe(whole.funnel.committed);
    const foreign = (await series(`from=${from}&to=${to}&buckets=1`, 'globex', 'sre')).body.data;
    expect(foreign).toMatchObject([{ funnel: { intents: 1, committed: 0 }, approvals: { waitSeconds: null } }]);
    expect((await series('', 'initech', 'support-agent')).status).toBe(403);
    for (const query of ['buckets=201', 'buckets=0', `from=${to}&to=${from}`])
      expect((await series(query)).status).toBe(422);

    expect((await ask('/v1/metrics/summary', 'globex', 'auditor')).body).toMatchObject({
      ...{ funnel: { intents: 1, committed: 0 }, denials: { total: 0 }, parked: 0 },
      tools: [{ tool: 'issue_refund', ended: 1, failed: 1, errorRate: 1 }],
    });
    expect((await ask('/v1/metrics/summary', 'initech', 'support-agent')).status).toBe(403);
    expect((await ask('/v1/metrics/summary?from=yesterday', 'initech', 'auditor')).status).toBe(422);

    // The second wall: whatever the service asks in a tenant's name.
    for (const tenant of ['initech', 'globex', 'acme'])
      expect(await world.askAs(tenant, 'select distinct tenant from counted')).toEqual([{ tenant }]);

    const { body: known } = await ask('/v1/approvers', 'initech', 'admin');
    expect(approvers.parse(known).did).toMatchObject(DID);
    expect(known.seen).toContainEqual(expect.objectContaining({ person: 'alice', roles: ['support-agent'] }));
    expect((await ask('/v1/approvers', 'initech', 'sre')).status).toBe(403);
    expect((await ask('/v1/approvers', 'globex', 'auditor')).body.did).toEqual([]);
  });
});

/** By the catalogue, so a table that is made later is among them. */
const READABLE = `select relname as name from pg_class where relnamespace = 'audit'::regnamespace and relkind in ('r', 'p', 'v', 'm')
  and not relispartition and has_table_privilege($1, oid, 'SELECT') order by relname collate "C"`;

/** What a column without a default is given, by its type; and by its name where the table checks it. */
const OF_TYPE: Record<string, string> = {
  ...{ text: `'x'`, int4: '0', int8: '0', bool: 'false', timestamptz: 'clock_timestamp()', date: 'now()', bytea: `''` },
  ...{ _text: 'array[gen_random_uuid()::text]', _int4: 'array[0]', _int8: 'array[0]', _timestamptz: 'array[now()]' },
  int8multirange: `'{}'`,
};
const HASH = `decode(repeat('00', 32), 'hex')`;
const OF_NAME: Record<string, string> = { signature: `'valid'`, cause: `'opened'`, leaves: HASH, hash: HASH };

/** A row of a tenant's, as the owner might write it. */
async function plant(client: pg.PoolClient, table: string, tenant: string): Promise<void> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `select column_name as name, udt_name as type from information_schema.columns
      where table_schema = 'audit' and table_name = $1 and is_nullable = 'NO' and column_default is null and is_identity = 'NO'`,
    [table],
  );
  const given = rows.map(({ name, type }) => (name === 'tenant' ? '$1' : (OF_NAME[name] ?? OF_TYPE[type])));
  const names = rows.map(({ name }) => `"${name}"`).join(', ');
  await client.query(`insert into "${table}" (${names}) values (${given.join(', ')})`, [tenant]);
}

/** Counted by hand from the shapes told above. */
const INITECH = {
  tenant: 'initech',
  funnel: { intents: 10, proposed: 14, approved: 11, committed: 3 },
  refused: { total: 0, byCode: [] },
  tools: [
    {
      ...{ tool: 'get_order', ended: 4, failed: 0, errorRate: 0, byCode: [] },
      outcomes: { read: 4, previewed: 0, drafted: 0, committed: 0, failed: 0 },
    },
    {
      ...{
        tool: 'issue_refund',
        ended: 9,
        failed: 1,
        errorRate: 1 / 9,
        byCode: [{ code: 'UPSTREAM_FAILED', count: 1 }],
      },
      outcomes: { read: 0, previewed: 5, drafted: 0, committed: 3, failed: 1 },
    },
  ],
  denials: {
    total: 3,
    byCode: ['APPROVAL_EXPIRED', 'APPROVAL_REJECTED', 'PERMISSION_DENIED'].map((code) => ({ code, count: 1 })),
    byRule: [{ rule: 'the-rule', count: 1 }],
    withoutRule: ['APPROVAL_EXPIRED', 'APPROVAL_REJECTED'].map((code) => ({ code, count: 1 })),
  },
  approvals: { opened: 5, granted: 3, edited: 0, rejected: 1, decided: 4, overrideRate: 0.25, expired: 1 },
  unsent: {
    ...{ blocked: 1, returned: 1 },
    byCode: [
      { code: 'KILLED', count: 1 },
      { code: 'PREVIEW_CHANGED', count: 1 },
    ],
  },
  drifted: 1,
  inDoubt: { ever: 2, open: 1 },
  parked: 1,
  incidents: {
    ...{ opened: 4, open: 4, overdue: 0, captured: 0, closed: 0, capturedInTime: null, hoursToCapture: null },
    byCause: [
      { cause: 'in-doubt', count: 2 },
      { cause: 'drifted-preview', count: 1 },
      { cause: 'override', count: 1 },
    ],
  },
};
/** The same, of a series: what its stretches come to together. */
const OVER_TIME = {
  funnel: INITECH.funnel,
  denials: 3,
  byRule: [{ rule: 'the-rule', count: 1 }],
  decided: 4,
  ended: 13,
  failed: 1,
  ...{ drifted: 1, inDoubt: 2, incidents: 4, waited: true },
};

function together({ data }: MetricsSeries) {
  const sum = (of: (bucket: MetricsSeries['data'][number]) => number) =>
    data.reduce((total, bucket) => total + of(bucket), 0);
  return {
    buckets: data.length,
    funnel: {
      intents: sum(({ funnel }) => funnel.intents),
      proposed: sum(({ funnel }) => funnel.proposed),
      approved: sum(({ funnel }) => funnel.approved),
      committed: sum(({ funnel }) => funnel.committed),
    },
    denials: sum(({ denials }) => denials.total),
    byRule: data.flatMap(({ denials }) => denials.byRule),
    decided: sum(({ approvals }) => approvals.decided),
    ended: sum(({ tools }) => tools.reduce((all, { ended }) => all + ended, 0)),
    failed: sum(({ tools }) => tools.reduce((all, { failed }) => all + failed, 0)),
    drifted: sum(({ drifted }) => drifted),
    inDoubt: sum(({ inDoubt }) => inDoubt),
    incidents: sum(({ incidents }) => incidents),
    waited: data.every(({ approvals }) => (approvals.waitSeconds !== null) === approvals.decided > 0),
  };
}

const DID = [
  { person: 'bob', tool: 'issue_refund', granted: 2, edited: 0, rejected: 1, settled: 1 },
  { person: 'carol', tool: 'issue_refund', granted: 1, edited: 0, rejected: 0, settled: 0 },
];
