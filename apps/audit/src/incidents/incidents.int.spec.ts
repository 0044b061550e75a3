import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { incidentCaseSchema, incidentSchema, type EventDraft, type Incident } from '@countersign/contracts';
import { until } from '@countersign/testing';
import { AuditWorld, type Published } from '../audit-world.fixture.js';

const PEOPLE = {
  sam: ['acme', 'sre'],
  ruth: ['acme', 'release'],
  alice: ['acme', 'support-agent'],
  gina: ['globex', 'auditor'],
} as const;
type Who = keyof typeof PEOPLE;
const FINGERPRINT = 'sha256:mended';

describe('incidents (the numbers are those of incidents.ts and teller.ts)', () => {
  let world: AuditWorld;
  let committed: Published;
  let rejected: Published;
  const tokens = {} as Record<Who, string>;
  beforeAll(async () => {
    world = await AuditWorld.open();
    for (const who of Object.keys(PEOPLE) as Who[]) {
      const [tenant, role] = PEOPLE[who];
      tokens[who] = await world.token(who, tenant, role);
    }
    committed = await world.publish('approved by a person', 'inc-1');
    rejected = await world.publish('rejected by a person', 'inc-2');
    for (const { intentId, records } of [committed, rejected])
      await world.waitFor(records.length, "intent = $1 and topic <> 'audit'", intentId);
  });
  afterAll(() => world.close());

  const post = (who: Who, path: string, body: object = {}) =>
    world.ask('POST', `/v1/incidents${path}`, tokens[who], body);
  const list = async (who: Who, query = '') =>
    (await world.get(`/v1/incidents${query}`, tokens[who])).body.data as Incident[];
  const said = async (id: string, count: number) => {
    const rows = await world.waitFor(count, "topic = 'audit' and value like $1", `%${id}%`);
    return rows.map(({ type, tenant, signature, actor }) => [String(type).split('.')[2], tenant, signature, actor]);
  };

  it('are opened by rule with the record that says so, once, and told', async () => {
    for (const record of rejected.records.slice(-3)) await world.produce(record);
    const [incident, ...others] = await list('sam');
    expect(others).toEqual([]);
    expect(incidentSchema.parse(incident)).toMatchObject({
      ...{ cause: 'override', state: 'open', tenant: 'acme', workflow: 'support-desk', by: null, overdue: false },
      ...{ intentId: rejected.intentId, actionId: rejected.actionId },
    });
    expect(await said(incident!.id, 1)).toEqual([['incident-opened', 'acme', 'valid', null]]);
    const { body } = await world.get(`/v1/traces/${rejected.intentId}`, tokens.sam);
    expect(body.records.at(-1)).toMatchObject({ says: 'an incident was opened by rule (override)' });
    // Stored again beside it, the rejection opened no other.
    expect(await list('sam', '?state=open')).toHaveLength(1);
  });

  it('are opened by people on what is their tenant’s, their words masked; again is the same one (1)', async () => {
    const { intentId, actionId } = committed;
    const note = 'paid twice, says dana@corp.example';
    const { status, body } = await post('sam', '', { intentId, actionId, note });
    expect([status, incidentSchema.parse(body)]).toMatchObject([
      201,
      { cause: 'opened', by: 'sam', tool: 'issue_refund', requestedBy: 'alice', note: 'paid twice, says [personal]' },
    ]);
    expect(await post('ruth', '', { intentId, actionId })).toMatchObject({ status: 200, body: { id: body.id } });
    const page = (await world.get('/v1/incidents?limit=1', tokens.ruth)).body;
    expect(page.data).toMatchObject([{ id: body.id }]);
    expect((await list('ruth', `?limit=1&cursor=${page.nextCursor}`)).map(({ cause }) => cause)).toEqual(['override']);
    for (const [who, asked, code] of [
      ['alice', { intentId }, 403],
      ['gina', { intentId }, 404],
      ['sam', { intentId: 'int_0' }, 404],
      ['sam', { intentId, actionId: rejected.actionId }, 404],
      ['sam', { intentId, note: '\u0000' }, 422],
      ['sam', {}, 422],
    ] as const)
      expect({ who, asked, status: (await post(who, '', asked)).status }).toEqual({ who, asked, status: code });
    expect((await world.get('/v1/incidents', tokens.alice)).status).toBe(403);
    expect(await list('gina')).toEqual([]);
    expect(incidentSchema.parse((await world.get(`/v1/incidents/${body.id}`, tokens.ruth)).body)).toEqual(body);
    const absent = await world.get('/v1/incidents/inc_0', tokens.gina);
    const foreign = await world.get(`/v1/incidents/${body.id}`, tokens.gina);
    expect(JSON.stringify(foreign.body).replace(body.id, 'inc_0')).toBe(JSON.stringify(absent.body));
    const statuses = [
      foreign,
      await world.get(`/v1/incidents/${body.id}`, tokens.alice),
      await world.get('/v1/incidents/nul%00', tokens.ruth),
    ];
    expect(statuses.map(({ status }) => status)).toEqual([404, 403, 404]);
    expect(await world.askAs('globex', 'select * from incidents')).toEqual([]);
  });

  it('are overdue after 24 hours, and until then not; whose clock nobody but the owner turns (2)', async () => {
    const [opened] = (await list('sam')).filter(({ cause }) => cause === 'opened');
    expect(await list('ruth', '?overdue=true')).toEqual([]);
    const back = `update incidents set opened_at = opened_at - interval '25 hours' where id = '${opened!.id}'`;
    await expect(world.asService(back)).rejects.toThrow('permission denied');
    await world.owner.query(back);
    expect(await list('ruth', '?overdue=true')).toMatchObject([
      { id: opened!.id, overdue: true, workflow: 'support-desk' },
    ]);
    expect(await list('ruth', '?overdue=false')).toMatchObject([{ cause: 'override' }]);
    const from = new Date(Date.now() - 48 * 3_600_000).toISOString();
    const { body } = await world.get(`/v1/metrics/summary?from=${from}`, tokens.sam);
    expect(body.incidents).toMatchObject({
      opened: 2,
      open: 2,
      overdue: 1,
      captured: 0,
      capturedInTime: 0,
      hoursToCapture: null,
    });
  });

  it('become a case, by which their clock stops: nothing else does (2)', async () => {
    const [{ id }] = (await list('sam', '?overdue=true')) as [Incident];
    const made = await post('ruth', `/${id}/capture`);
    expect(made.status).toBe(200);
    const { text, file, title } = incidentCaseSchema.parse(made.body);
    expect(text).toMatch(/by: alice[^]*approve:[^]*by: bob[^]*effects: \[\]/);
    expect((await post('sam', `/${id}/capture`, { expect: { outcomes: [] } })).body.text).toMatch(/outcomes: \[\]/);
    expect(await list('sam', '?overdue=true')).toHaveLength(1);
    for (const [who, body, code] of [
      ['alice', {}, 403],
      ['gina', {}, 404],
      ['sam', { text: 'workflow: support-desk' }, 422],
      ['sam', { text: text.replace('support-desk', 'other-desk') }, 422],
      ['sam', { text: text.replace(title, 'Dana, dana@corp.example') }, 422],
      ['sam', { expect: { nothing: 1 } }, 422],
      ['sam', { expect: {}, text }, 422],
    ] as const)
      expect({ who, body, status: (await post(who, `/${id}/capture`, body)).status }).toEqual({
        who,
        body,
        status: code,
      });
    const { body } = await post('sam', `/${id}/capture`, { text });
    expect(body).toMatchObject({ state: 'captured', overdue: false, capturedBy: 'sam', case: { file, title } });
    expect(body.hours).toBeCloseTo(25, 0);
    expect(await list('ruth', '?overdue=true')).toEqual([]);
    expect(await said(id, 2)).toEqual([
      ['incident-opened', 'acme', 'valid', 'sam'],
      ['incident-captured', 'acme', 'valid', 'sam'],
    ]);
    // A better case in its place is told too; when it was captured stays.
    const again = await post('ruth', `/${id}/capture`, { text: `${text}# looked at again\n` });
    expect(again.body).toMatchObject({ capturedAt: body.capturedAt, capturedBy: 'ruth' });
    expect(await said(id, 3)).toHaveLength(3);
  });

  it('are closed by a release that policy applied and whose run passed the case (3)', async () => {
    const [{ id, case: became }] = (await list('sam', '?state=captured')) as [Incident];
    const passed = [`${became!.file}#${became!.title}`];
    const close = (who: Who, more: object = {}) =>
      post(who, '/closures', { workflow: 'support-desk', fingerprint: FINGERPRINT, passed, ...more });
    expect((await close('sam')).status).toBe(403);
    for (const nothing of [{ workflow: 'other-desk' }, { passed: [] }, { passed: ['evals/other.evals.yaml#Other'] }])
      expect((await close('ruth', nothing)).body).toEqual({ closed: [] });
    // Said before audit has it: it waits for policy's word, and goes by no other's.
    const closing = close('ruth');
    await world.produce(released('sha256:older'));
    await world.produce({ ...released(FINGERPRINT), headers: { ...released(FINGERPRINT).headers, ce_signature: '' } });
    await world.produce(released(FINGERPRINT, 'rollback'));
    await world.waitFor(3, `key = 'release/workflow/support-desk'`);
    // By then it has asked again.
    const beats = `type = 'countersign.audit.heartbeat.v1'`;
    await world.waitFor((await world.stored(beats)).length + 3, beats);
    expect(await list('sam', '?state=captured')).toHaveLength(1);
    await world.produce(released(FINGERPRINT));
    expect((await closing).body.closed).toMatchObject([
      { id, state: 'closed', closedBy: 'ruth', fingerprint: FINGERPRINT },
    ]);
    expect((await close('ruth')).body).toEqual({ closed: [] });
    expect((await said(id, 4)).at(-1)).toEqual(['incident-closed', 'acme', 'valid', 'ruth']);
    expect(
      (await post('sam', `/${id}/capture`, { text: (await post('sam', `/${id}/capture`)).body.text })).status,
    ).toBe(410);
    // Once it is closed, the same may go wrong again.
    const { intentId, actionId } = committed;
    expect((await post('sam', '', { intentId, actionId })).status).toBe(201);
  });

  it('show in the metrics', async () => {
    const lines = async () => (await (await fetch(`${world.service.url}/metrics`)).text()).split('\n');
    const has = (text: string) => async () => (await lines()).some((line) => line.startsWith(text));
    await until(has('countersign_audit_incidents_opened_total{cause="opened"} 2'), {
      what: 'the incidents to be counted',
    });
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'countersign_audit_incidents_opened_total{cause="override"} 1',
        'countersign_audit_incident_capture_hours_bucket{le="24"} 0',
        'countersign_audit_incident_capture_hours_count 1',
        expect.stringMatching(/^countersign_audit_incidents_overdue \d/),
      ]),
    );
  });

  let epoch = 100;
  const released = (fingerprint: string, kind = 'release') => {
    const scope = 'release/workflow/support-desk';
    const data = { scope, epoch: (epoch += 1), service: 'policy', instance: 'policy-1', at: new Date(0).toISOString() };
    const attributes = { id: `evt_release_${epoch}`, time: '', subject: scope, tenantid: '', actorid: '', session: '' };
    const value = { fingerprint, report: { kind }, signature: 'x' };
    return world.encode({
      ...{ ...attributes, correlationid: '', causationid: '', type: 'countersign.control.applied.v1' },
      data: { ...data, value },
    } as EventDraft);
  };
});
