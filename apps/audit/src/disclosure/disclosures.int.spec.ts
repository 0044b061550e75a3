import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditWorld, type Published } from '../audit-world.fixture.js';

const NAME = 'Dana Planted';
const EMAIL = 'planted@example.com';
const REASON = 'the customer disputes the refund';

describe('disclosures (the numbers are those of disclosures.ts)', () => {
  let world: AuditWorld;
  let trace: Published;
  let name: string;
  let email: string;
  const tokens: Record<string, string> = {};
  const people: Record<string, [tenant: string, role: string]> = {
    ...{ audra: ['acme', 'auditor'], adam: ['acme', 'admin'], bob: ['acme', 'support-lead'] },
    ...{ gina: ['globex', 'auditor'], gus: ['globex', 'admin'] },
  };
  const reveal = (who: string, body: object = { reason: REASON }, id = trace.intentId) =>
    world.ask('POST', `/v1/traces/${id}/reveals`, tokens[who]!, body);
  const erase = (who: string, subject: string, body: object = { reason: REASON }) =>
    world.ask('DELETE', `/v1/subjects/${encodeURIComponent(subject)}`, tokens[who]!, body);

  beforeAll(async () => {
    world = await AuditWorld.open();
    for (const [who, [tenant, role]] of Object.entries(people)) tokens[who] = await world.token(who, tenant, role);
    const [sealed, said] = await world.seal([
      { value: NAME, dataClass: 'personal', subject: 'cus_1' },
      { value: EMAIL, dataClass: 'personal', subject: 'alice', said: true },
    ]);
    [name, email] = [sealed!.token, said!.token];
    const customer = JSON.stringify({ $sealed: { ...sealed!, class: 'personal' } });
    trace = world.write('approved by a person', 'sealed', 'acme', (text) =>
      text
        .replaceAll('"refund":"900.00"', `"refund":"900.00","customer":${customer},"note":"to ${email}"`)
        .replaceAll('"text":"', `"text":"tok_${'0'.repeat(32)} `),
    );
    for (const record of trace.records) await world.produce(record);
    await world.waitFor(trace.records.length, 'intent = $1', trace.intentId);
  });
  afterAll(() => world.close());

  it('shows who may see it what stands sealed in a trace, and where; it is written down without a value (1, 2)', async () => {
    const answer = await reveal('audra', { reason: `${REASON}, says ${EMAIL}` });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const path = 'preview.effect.customer';
    expect(answer.body).toMatchObject({
      intentId: trace.intentId,
      revealed: [
        {
          token: name,
          class: 'personal',
          value: NAME,
          where: expect.arrayContaining([expect.objectContaining({ path })]),
        },
        { token: email, value: EMAIL },
      ],
      unopened: [{ token: `tok_${'0'.repeat(32)}`, because: 'unknown' }],
      left: 0,
    });
    const [row] = await world.waitFor(1, 'id = $1', answer.body.eventId);
    expect(row).toMatchObject({
      ...{ tenant: 'acme', intent: trace.intentId, actor: 'audra', signature: 'valid' },
      type: 'countersign.audit.revealed.v1',
    });
    const said = JSON.parse(String(row!['value'])) as { opened: object[]; reason: string };
    expect(said.opened).toEqual([
      { token: name, event: expect.any(String), path },
      { token: email, event: expect.any(String), path: 'preview.effect.note' },
    ]);
    expect(said.reason).toBe(`${REASON}, says [personal]`);
    expect(JSON.stringify(row)).not.toMatch(/planted/i);
    const { body } = await world.get(`/v1/traces/${trace.intentId}`, tokens['audra']!);
    expect(body.records.at(-1)).toMatchObject({ type: 'countersign.audit.revealed.v1', actor: 'audra' });
  });

  it('opens what was asked for and nothing else (2)', async () => {
    expect((await reveal('audra', { reason: REASON, tokens: [email] })).body.revealed).toMatchObject([
      { token: email },
    ]);
    const { body } = await reveal('audra', { reason: REASON, paths: ['preview.effect.customer'] });
    expect(body).toMatchObject({ revealed: [{ token: name }], unopened: [] });
    const foreign = (await world.seal([{ value: 'x', dataClass: 'personal', subject: 'cus_2' }]))[0]!.token;
    for (const asked of [{ tokens: [foreign] }, { paths: ['nowhere'] }])
      expect((await reveal('audra', { reason: REASON, ...asked })).status).toBe(422);
  });

  it('tells auditors and admins, of their own tenant alone, who was shown what and why: the newest first, page by page', async () => {
    const { body: shown } = await reveal('audra');
    await world.waitFor(1, 'id = $1', shown.eventId);
    const told = async (who: string, query = '') => (await world.get(`/v1/reveals${query}`, tokens[who]!)).body;
    const { data } = await told('adam');
    expect(data[0]).toEqual({
      ...{ eventId: shown.eventId, at: expect.any(String), by: { sub: 'audra', roles: ['auditor'] }, reason: REASON },
      ...{ intentId: trace.intentId, requestedBy: 'alice' },
      opened: [
        { token: name, event: expect.any(String), path: 'preview.effect.customer' },
        { token: email, event: expect.any(String), path: 'preview.effect.note' },
      ],
    });
    const first = await told('audra', '?limit=1');
    const rest = await told('audra', `?cursor=${first.nextCursor}`);
    expect([...first.data, ...rest.data]).toEqual(data);
    expect(rest.nextCursor).toBeNull();
    expect(await told('gina')).toEqual({ data: [], nextCursor: null });
    for (const path of ['/v1/reveals', '/v1/erasures'])
      expect((await world.get(path, tokens['bob']!)).status).toBe(403);
    expect((await world.get('/v1/reveals?cursor=x', tokens['audra']!)).status).toBe(422);
    // Whoever writes to the topic, it is nothing that audit says.
    const [record] = await world.stored('id = $1', shown.eventId);
    const headers = { ce_specversion: '1.0', ce_id: 'evt_forged', ce_source: '/services/audit', ce_tenantid: 'acme' };
    const type = 'countersign.audit.revealed.v1';
    await world.produce({
      ...{ topic: 'audit', key: String(record!['key']), value: String(record!['value']) },
      headers: { ...headers, ce_type: type, ce_time: shown.at ?? new Date().toISOString() },
    } as never);
    await world.waitFor(1, `id = 'evt_forged'`);
    expect((await told('audra')).data).toEqual(data);
  });

  it.each([
    ['bob', { reason: REASON }, 403],
    ['adam', { reason: REASON }, 403],
    ['gina', { reason: REASON }, 404],
    ['audra', { reason: 'because' }, 422],
    ['audra', {}, 422],
    ['audra', { reason: REASON, tokens: ['x'] }, 422],
    ['audra', { reason: REASON, paths: ['a'], tokens: [`tok_${'0'.repeat(32)}`] }, 422],
  ])('%s, asking with %j, is answered %d and no value (2)', async (who, body, status) => {
    const answer = await reveal(who, body);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).not.toMatch(/planted/i);
  });

  it('destroys the keys of a subject, and with them its values in every trace; once more changes nothing (3, 4)', async () => {
    for (const [who, status] of [
      ['audra', 403],
      ['bob', 403],
    ] as const)
      expect((await erase(who, 'cus_1')).status).toBe(status);
    expect((await erase('adam', 'cus_1', {})).status).toBe(422);
    expect((await erase('gus', 'cus_1')).body).toMatchObject({ keys: 0, values: 0 });
    expect((await reveal('audra')).body.revealed).toHaveLength(2);

    const { status, body } = await erase('adam', 'cus_1');
    expect([status, body]).toEqual([200, { subject: 'cus_1', keys: 1, values: 1, eventId: expect.any(String) }]);
    const [row] = await world.waitFor(1, 'id = $1', body.eventId);
    expect(row).toMatchObject({ tenant: 'acme', key: 'acme/cus_1', actor: 'adam', signature: 'valid' });
    expect(JSON.parse(String(row!['value']))).toMatchObject({ subject: 'cus_1', keys: 1, values: 1, reason: REASON });
    expect((await reveal('audra')).body).toMatchObject({
      revealed: [{ token: email }],
      unopened: [{ because: 'unknown' }, { token: name, because: 'erased' }],
    });
    const again = (await erase('adam', 'cus_1')).body;
    expect(again).toMatchObject({ keys: 0, values: 0 });
    await world.waitFor(1, 'id = $1', again.eventId);
    const { body: told } = await world.get('/v1/erasures', tokens['audra']!);
    const common = { at: expect.any(String), by: { sub: 'adam', roles: ['admin'] }, reason: REASON, subject: 'cus_1' };
    expect(told).toEqual({
      data: [
        { eventId: again.eventId, ...common, keys: 0, values: 0 },
        { eventId: body.eventId, ...common, keys: 1, values: 1 },
      ],
      nextCursor: null,
    });
  });

  it("a user's own words are closed by erasing the user (4)", async () => {
    expect((await erase('adam', 'alice')).body).toMatchObject({ keys: 1, values: 1 });
    expect((await reveal('audra')).body.revealed).toEqual([]);
  });
});
