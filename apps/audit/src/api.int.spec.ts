import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  intentIdOf,
  refusal as refused,
  type EventDraft,
  type EventType,
  type OutRecord,
} from '@countersign/contracts';
import { AuditWorld, TOKEN } from './audit-world.fixture.js';

describe('traces over HTTP', () => {
  let world: AuditWorld;
  beforeAll(async () => {
    world = await AuditWorld.open();
  });
  afterAll(() => world.close());

  it('shows a trace whole and explains its action; without any one event of the evidence it says what is missing', async () => {
    const { intentId, actionId, records } = await world.publish('approved by a person', 'whole');
    await world.waitFor(records.length, 'intent = $1', intentId);
    const audra = await world.token('audra', 'acme', 'auditor');
    const { body } = await world.get(`/v1/traces/${intentId}`, audra);
    expect(body).toMatchObject({
      intentId,
      tenant: 'acme',
      actor: 'alice',
      state: 'ended',
      outcome: 'answered',
      forged: [],
      duplicates: [],
      unreadable: [],
    });
    const shown = body.records as { at: string; id: string; type: string }[];
    const written = records.map(({ headers }) => headers['ce_id']!);
    // What came in one millisecond on two topics may stand either way.
    const at = new Map(shown.map((record) => [record.id, record.at]));
    expect(shown.map((record) => record.at)).toEqual(written.map((id) => at.get(id)));
    expect(shown.map(({ id }) => id).sort()).toEqual(written.sort());
    expect(new Set(body.records.map(({ signature }: { signature: string }) => signature))).toEqual(
      new Set(['valid', 'not-required']),
    );
    expect(JSON.stringify(body)).not.toContain('eyJ..');

    const { body: whole } = await world.get(`/v1/actions/${actionId}/explanation`, audra);
    expect(whole).toMatchObject({
      did: expect.stringMatching(/^Committed issue_refund/),
      approvedBy: expect.stringMatching(/^bob/),
      missing: [],
    });
    for (const { eventId, type } of whole.evidence as { eventId: string; type: EventType }[]) {
      const { rows } = await world.owner.query('delete from records where intent = $1 and id = $2 returning *', [
        intentId,
        eventId,
      ]);
      const { body: without } = await world.get(`/v1/actions/${actionId}/explanation`, audra);
      expect({ type, named: without.missing?.some(({ oneOf }: { oneOf: string[] }) => oneOf.includes(type)) }).toEqual({
        type,
        named: true,
      });
      await world.owner.query('insert into records select * from jsonb_populate_recordset(null::records, $1::jsonb)', [
        JSON.stringify(rows),
      ]);
    }
  });

  it('keeps a repeated event and shows it as a duplicate', async () => {
    const { intentId, records } = await world.publish('a commit by rule at once', 'twice');
    await world.produce(records.find(({ topic }) => topic === 'results')!);
    await world.produce(records[0]!);
    await world.waitFor(records.length + 2, 'intent = $1', intentId);
    const { body } = await world.get(`/v1/traces/${intentId}`, await world.token('alice', 'acme', 'support-agent'));
    expect(body.records).toHaveLength(records.length);
    expect(body.duplicates.map(({ topic }: { topic: string }) => topic).sort()).toEqual(['intents', 'results']);
  });

  it('shows what services signed of a trace, however often its request was repeated', async () => {
    const { intentId, records } = await world.publish('a commit by rule at once', 'flooded');
    await world.waitFor(records.length, 'intent = $1', intentId);
    await world.owner.query(
      `insert into records select (jsonb_populate_record(r, jsonb_build_object('offset', 1000000 + n))).*
        from records r, generate_series(1, 5001) n where r.intent = $1 and r.topic = 'intents'`,
      [intentId],
    );
    const audra = await world.token('audra', 'acme', 'auditor');
    const { body } = await world.get(`/v1/traces/${intentId}`, audra);
    // What came together on two topics may stand either way.
    expect(body.records.map(({ type }: { type: string }) => type).sort()).toEqual(
      records.map((record) => record.headers['ce_type']).sort(),
    );
    await world.owner.query(`delete from records where intent = $1 and "offset" > 1000000`, [intentId]);
  });

  it('files what is forged as unverified and shows it apart, with why', async () => {
    const { intentId, actionId, records } = await world.publish('a commit by rule at once', 'forged');
    const warrant = records.find(({ headers }) => headers['ce_type'] === 'countersign.action.approved.v1')!;
    await world.produce({ ...warrant, value: warrant.value.replace('900.00', '901.00') });
    await world.produce({ ...warrant, headers: { ...warrant.headers, ce_signature: '' } });
    const reply = records.at(-1)!;
    await world.produce({ ...reply, headers: { ...reply.headers, ce_signature: '' } });
    // In another tenant's name: forged, and genuine of a planner that lies.
    await world.produce({ ...reply, key: 'globex/s-1' });
    await world.produce(world.encode({ ...draftOf(reply), tenantid: 'globex', id: 'evt_foreign' }));
    await world.waitFor(records.length + 5, 'intent = $1', intentId);
    expect(
      (await world.stored("intent = $1 and signature in ('invalid', 'absent')", intentId))
        .map(({ tenant, claimed_tenant }) => [tenant, claimed_tenant])
        .sort(),
    ).toEqual([
      ['unverified', 'acme'],
      ['unverified', 'acme'],
      ['unverified', 'acme'],
      ['unverified', 'globex'],
    ]);
    const audra = await world.token('audra', 'acme', 'auditor');
    const { body } = await world.get(`/v1/traces/${intentId}`, audra);
    expect(body.forged.map(({ because }: { because: string }) => because).sort()).toEqual([
      'it carries no signature',
      'it carries no signature',
      'the signature does not match',
    ]);
    expect((await world.get(`/v1/actions/${actionId}/explanation`, audra)).body).toMatchObject({ missing: [] });
    expect((await world.get(`/v1/traces/${intentId}`, await world.token('gina', 'globex', 'auditor'))).status).toBe(
      404,
    );
  });

  it('shows a trace without what its events hold, and each event whole to those alone who see the trace', async () => {
    const { intentId, records } = await world.publish('approved by a person', 'outlined');
    await world.waitFor(records.length, 'intent = $1', intentId);
    const audra = await world.token('audra', 'acme', 'auditor');
    const { body: trace } = await world.get(`/v1/traces/${intentId}`, audra);
    const { body: outline } = await world.get(`/v1/traces/${intentId}/outline`, audra);
    const shown = outline.events as { id: string; place: string; standing: string; tool: string | null }[];
    expect(shown.map(({ id }) => id)).toEqual(trace.records.map(({ id }: { id: string }) => id));
    expect(shown.some((event) => 'data' in event)).toBe(false);
    const { place } = shown.at(-1)!;
    const { body: one } = await world.get(`/v1/traces/${intentId}/events?place=${place}`, audra);
    const { headers, standing, flaw, ...record } = one.data[0];
    expect({ ...trace.records.at(-1), place }).toEqual(record);
    expect([headers['ce_id'], headers['authorization'], standing, flaw]).toEqual([
      record.id,
      undefined,
      'genuine',
      null,
    ]);
    const holding = await world.get(`/v1/traces/${intentId}/events?text=CE_ID&limit=0`, audra);
    expect(holding.body).toEqual({ data: [], places: shown.map(({ place }) => place) });
    const none = await world.get(`/v1/traces/${intentId}/events?place=results.0.999999999`, audra);
    expect(none.body).toEqual({ data: [], places: [] });
    expect((await world.get(`/v1/traces/${intentId}/events?place=../x`, audra)).status).toBe(422);
    const strangers = [
      await world.token('gina', 'globex', 'auditor'),
      await world.token('zoe', 'acme', 'support-agent'),
    ];
    for (const stranger of strangers)
      for (const path of ['outline', `events?place=${place}`])
        expect((await world.get(`/v1/traces/${intentId}/${path}`, stranger)).status).toBe(404);
    const { body: facets } = await world.get('/v1/traces/facets?record=ord_1002', strangers[1]!);
    expect(facets).toMatchObject({ traces: 0, tool: [], actor: [] });
  });

  it('explains a stop by its switch: who tripped it, what became of a forged re-arm, and nothing of another tenant’s', async () => {
    const scope = 'kill/tool/issue_refund';
    const trip = { killed: true, reason: 'INC-42', by: 'ops' };
    const write = async (key: string, value: object) => {
      const before = await world.stored("topic = 'control'");
      await world.kafka.produce(world.topic('control'), {
        ...{ key, value: JSON.stringify(value), headers: { authorization: TOKEN } },
      });
      const rows = await world.waitFor(before.length + 1, "topic = 'control'");
      return Number(rows.at(-1)!['offset']);
    };
    const answer = (type: EventType, epoch: number, data: object, key = scope) => {
      const ack = { scope: key, epoch, service: 'policy', instance: 'policy-1', at: new Date().toISOString(), ...data };
      const event = {
        id: `evt_${type}_${epoch}`,
        type,
        subject: key,
        tenantid: '',
        actorid: '',
        session: '',
        correlationid: '',
      };
      return world.encode({ ...event, causationid: '', time: ack.at, data: ack } as EventDraft);
    };
    const tripped = await write(scope, trip);
    const forged = await write(scope, { killed: false, by: 'sam', note: TOKEN });
    const others = await write('kill/tenant/globex', { killed: true, reason: 'globex alone' });
    const applied = 'countersign.control.applied.v1';
    await world.produce(answer(applied, tripped, { value: trip }));
    await world.produce(answer('countersign.control.refused.v1', forged, refused('UNAUTHENTICATED', 'no token')));
    await world.produce(answer(applied, others, { value: { killed: true } }, 'kill/tenant/globex'));
    const lie = answer(applied, forged, { value: { killed: false }, by: 'sam' });
    await world.produce({ ...lie, headers: { ...lie.headers, ce_signature: '' } });
    await world.waitFor(4, "topic = 'control-acks'");
    const { intentId, actionId, records } = await world.publish('blocked by a kill switch', 'stopped');
    await world.waitFor(records.length, 'intent = $1', intentId);
    const alice = await world.token('alice', 'acme', 'support-agent');
    const { body } = await world.get(`/v1/actions/${actionId}/explanation`, alice);
    expect(body.why).toMatch(
      /kill\/tool\/issue_refund was tripped, as it says, by ops at .*: "INC-42"; an attempt at .* to have kill\/tool\/issue_refund re-armed was refused \(UNAUTHENTICATED\) and changed nothing\./,
    );
    expect(body.missing).toEqual([]);
    const trace = await world.get(`/v1/traces/${intentId}`, alice);
    expect(trace.body.control.map(({ type }: { type: string }) => type)).toEqual(
      expect.arrayContaining(['countersign.control.set.v1', applied, 'countersign.control.refused.v1']),
    );
    expect(trace.body.control).toHaveLength(4);
    expect(JSON.stringify([body, trace.body])).not.toMatch(/globex|eyJ/);
    expect(JSON.stringify(await world.stored("topic = 'control'"))).not.toContain('eyJ');
    // The second wall: what names another tenant, or proves nothing, is not there at all.
    expect(await world.scopesSeenBy('acme')).toEqual([scope]);
    expect(await world.scopesSeenBy('globex')).toEqual(['kill/tenant/globex', scope]);
    expect(await world.scopesSeenBy('kill')).toEqual([scope]);
    await world.owner.query(`delete from records where topic = 'control' and "offset" = $1`, [tripped]);
    const { body: without } = await world.get(`/v1/actions/${actionId}/explanation`, alice);
    expect(without.missing).toMatchObject([{ oneOf: ['countersign.control.set.v1'] }]);
  });

  it('tells auditors alone that a record was another tenant’s: others find NOT_FOUND, by no search more', async () => {
    const { intentId, actionId, records } = await world.publish("another tenant's record", 'mismatch');
    await world.waitFor(records.length, 'intent = $1', intentId);
    const seen = async (sub: string, role: string) => {
      const token = await world.token(sub, 'acme', role);
      const found = async (query: string) => {
        const { body } = await world.get(`/v1/traces?${query}`, token);
        return (body.data as { intentId: string }[]).some((line) => line.intentId === intentId);
      };
      const shown = await Promise.all(
        [`/v1/traces/${intentId}`, `/v1/actions/${actionId}/explanation`, '/v1/traces?code=NOT_FOUND'].map((url) =>
          world.get(url, token),
        ),
      );
      return {
        told: shown.map(({ body }) => JSON.stringify(body).includes('TENANT_MISMATCH')),
        found: [
          await found('code=NOT_FOUND'),
          await found('code=TENANT_MISMATCH'),
          await found('text=TENANT_MISMATCH'),
          // A word of what the result says beside the code.
          await found('text=target'),
        ],
      };
    };
    const nothing = { told: [false, false, false], found: [true, false, false, true] };
    expect(await seen('audra', 'auditor')).toEqual({ told: [true, true, true], found: [true, true, false, true] });
    for (const [sub, role] of [
      ['alice', 'support-agent'],
      ['bob', 'support-lead'],
      ['sam', 'sre'],
      ['adam', 'admin'],
    ] as const)
      expect({ sub, ...(await seen(sub, role)) }).toEqual({ sub, ...nothing });
  });

  it('shows a person what is theirs, an auditor what is the tenant\u2019s, and nobody what is not', async () => {
    const { intentId, actionId, records } = await world.publish('denied by rule', 'seen');
    await world.waitFor(records.length, 'intent = $1', intentId);
    const people = {
      alice: ['acme', 'support-agent'],
      dora: ['acme', 'support-agent'],
      audra: ['acme', 'auditor'],
      gina: ['globex', 'auditor'],
    } as const;
    const seen: Record<string, number[]> = {};
    for (const [sub, [tenant, role]] of Object.entries(people)) {
      const token = await world.token(sub, tenant, role);
      const listed = (await world.get('/v1/traces?tenant=acme', token)).body.data.some(
        (line: { intentId: string }) => line.intentId === intentId,
      );
      seen[sub] = [
        (await world.get(`/v1/traces/${intentId}`, token)).status,
        (await world.get(`/v1/actions/${actionId}/explanation`, token)).status,
        Number(listed),
      ];
    }
    expect(seen).toEqual({ alice: [200, 200, 1], dora: [404, 404, 0], audra: [200, 200, 1], gina: [404, 404, 0] });
    expect((await fetch(`${world.service.url}/v1/traces`)).status).toBe(401);
  });

  it('finds traces by what any of their records says, page by page', async () => {
    const published = await Promise.all(
      ['find-1', 'find-2', 'find-3'].map(async (id) => world.publish('rejected by a person', id)),
    );
    await world.waitFor(
      published.flatMap(({ records }) => records).length,
      'intent = any($1)',
      published.map(({ intentId }) => intentId),
    );
    const audra = await world.token('audra', 'acme', 'auditor');
    const find = async (query: string) => (await world.get(`/v1/traces?${query}`, audra)).body;
    for (const query of [
      'code=APPROVAL_REJECTED',
      'rule=large&outcome=denied',
      'record=ord_1002&code=APPROVAL_REJECTED',
      'tool=issue_refund&code=APPROVAL_REJECTED&text=refund%20900',
      'actor=alice&code=APPROVAL_REJECTED',
    ]) {
      expect([query, (await find(query)).data.length]).toEqual([query, 3]);
    }
    expect((await find('code=APPROVAL_REJECTED&text=100%25')).data).toEqual([]);
    const first = await find('code=APPROVAL_REJECTED&limit=2');
    const second = await find(`code=APPROVAL_REJECTED&limit=2&cursor=${first.nextCursor}`);
    expect([first.data.length, second.data.length, second.nextCursor]).toEqual([2, 1, null]);
    expect(new Set([...first.data, ...second.data].map(({ intentId }) => intentId)).size).toBe(3);
    expect(first.data[0]).toMatchObject({
      state: 'ended',
      actions: expect.arrayContaining([
        expect.objectContaining({ tool: 'issue_refund', outcome: 'denied', code: 'APPROVAL_REJECTED' }),
      ]),
    });
    expect((await world.get('/v1/traces?limit=0', audra)).status).toBe(422);
  });

  it('files what was never accepted apart, shown to those whose it claims to be and may look', async () => {
    const refusal = (code: 'UNAUTHENTICATED' | 'TENANT_MISMATCH', tenant: string, requestId: string): EventDraft => {
      const intentId = intentIdOf(tenant, '/apps/shop', requestId);
      const type = 'countersign.intent.refused.v1';
      const attributes = {
        id: `evt_${requestId}`,
        time: '',
        subject: intentId,
        tenantid: tenant,
        actorid: '',
        session: 's-9',
        correlationid: intentId,
        causationid: requestId,
      };
      return {
        ...attributes,
        type,
        data: { intentId, source: '/apps/shop', requestId, claimed: { key: 'acme/s-9' }, ...refused(code, 'no') },
      };
    };
    const raw = { ce_source: '/apps/shop', ce_type: 'countersign.intent.requested.v1', authorization: TOKEN };
    const value = JSON.stringify({ workflow: 'support-desk', session: 's-9', text: 'hello' });
    for (const ce_id of ['nobody', 'foreign'])
      await world.kafka.produce(world.topic('intents'), { key: 'acme/s-9', value, headers: { ...raw, ce_id } });
    for (const draft of [
      refusal('UNAUTHENTICATED', 'unverified', 'nobody'),
      refusal('TENANT_MISMATCH', 'globex', 'foreign'),
    ])
      await world.produce(world.encode(draft));
    await world.waitFor(2, "type = 'countersign.intent.refused.v1'");
    const seen = async (sub: string, tenant: string, role: string) => {
      const token = await world.token(sub, tenant, role);
      const apart = (await world.get('/v1/traces?tenant=unverified', token)).body.data.length as number;
      const [nobody, foreign] = await Promise.all(
        [intentIdOf('unverified', '/apps/shop', 'nobody'), intentIdOf('globex', '/apps/shop', 'foreign')].map((id) =>
          world.get(`/v1/traces/${id}`, token),
        ),
      );
      return [apart, nobody!.body.records?.length ?? nobody!.status, foreign!.body.records?.length ?? foreign!.status];
    };
    expect({
      acme: await seen('audra', 'acme', 'auditor'),
      alice: await seen('alice', 'acme', 'support-agent'),
      globex: await seen('gina', 'globex', 'auditor'),
    }).toEqual({
      acme: [1, 2, 404],
      alice: [0, 404, 404],
      // What claims to be acme's is not shown to another, whoever sent it; policy's answer says what it claimed.
      globex: [0, 404, 1],
    });
  });

  it('keeps requests apart that two products sent under one source and id, neither of them accepted', async () => {
    const intentId = intentIdOf('unverified', '/apps/shop', 'same');
    for (const tenant of ['acme', 'globex']) {
      const headers = { ce_id: 'same', ce_source: '/apps/shop', ce_type: 'countersign.intent.requested.v1' };
      const value = JSON.stringify({ workflow: 'support-desk', session: 's', text: `words of ${tenant}` });
      await world.kafka.produce(world.topic('intents'), { key: `${tenant}/s`, value, headers });
      await world.produce(world.encode(unauthenticated(intentId, tenant)));
    }
    await world.waitFor(4, "id = 'same' or intent = $1", intentId);
    for (const [sub, tenant, other] of [
      ['audra', 'acme', 'globex'],
      ['gina', 'globex', 'acme'],
    ] as const) {
      const { body } = await world.get(`/v1/traces/${intentId}`, await world.token(sub, tenant, 'auditor'));
      expect(JSON.stringify(body)).toContain(`words of ${tenant}`);
      expect(JSON.stringify(body)).not.toContain(other);
    }
  });
});

/** What a record says, to be written again. */
const draftOf = ({ value, headers }: OutRecord): EventDraft =>
  ({
    type: headers['ce_type'],
    time: headers['ce_time'],
    subject: headers['ce_subject'],
    actorid: headers['ce_actorid'],
    session: headers['ce_session'],
    correlationid: headers['ce_correlationid'],
    causationid: headers['ce_causationid'],
    data: JSON.parse(value) as unknown,
  }) as unknown as EventDraft;

const unauthenticated = (intentId: string, tenant: string): EventDraft => ({
  type: 'countersign.intent.refused.v1',
  id: `evt_same_${tenant}`,
  time: '',
  subject: intentId,
  tenantid: 'unverified',
  actorid: '',
  session: 's',
  correlationid: intentId,
  causationid: 'same',
  data: {
    intentId,
    source: '/apps/shop',
    requestId: 'same',
    claimed: { key: `${tenant}/s` },
    ...refused('UNAUTHENTICATED', 'no'),
  },
});
