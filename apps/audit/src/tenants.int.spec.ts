import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditWorld } from './audit-world.fixture.js';

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
    expect((await world.get('/v1/traces?text=%00', tokens.audra)).status).toBe(404);
  });
});
