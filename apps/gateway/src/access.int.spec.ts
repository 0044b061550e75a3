import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deriveId, intentIdOf } from '@countersign/contracts';
import { until } from '@countersign/testing';
import { ROUTES, type Route } from './routes.js';
import { acceptedData, PEOPLE, replyData, World, type Who } from './world.spec-support.js';

let world: World;
let intentId: string;
let actionId: string;
/** Published here, and not judged by policy yet. */
let requested: { intentId: string; actionId: string };

beforeAll(async () => {
  world = await World.open();
  intentId = intentIdOf('acme', '/product', 'access');
  actionId = deriveId('act', 'access');
  const action = { actionId, tool: 'get_order', arguments: { orderId: 'ord_1' }, dryRun: false };
  await world.publish('countersign.intent.accepted.v1', acceptedData(intentId, { kind: 'action', action }), {
    pen: 'policy',
  });
  await world.publish('countersign.action.failed.v1', failedData(), { pen: 'executor' });
  await world.publish('countersign.reply.sent.v1', replyData(intentId), { pen: 'planner' });
  const body = { workflow: 'support-desk', session: 's-1', tool: 'get_order', arguments: { orderId: 'ord_1' } };
  requested = (await world.post('alice', body, 'k-access', '/v1/actions')).body as typeof requested;
  await until(async () => (await world.get('alice', `/v1/actions/${actionId}`)).body['state'] === 'ended', {
    what: 'the action to have ended',
  });
});
afterAll(() => world.close());

const failedData = () => ({
  intentId,
  actionId,
  revision: 0,
  tenant: 'acme',
  tool: 'get_order',
  toolVersion: '1.0.0',
  jti: 'jti_1',
  grant: 'read',
  attempts: 1,
  endedAt: '2026-03-01T10:00:00.000Z',
  recordsRead: [],
  code: 'NOT_FOUND',
  detail: 'there is no such order',
  nextStep: 'Check the id.',
  auditCode: 'TENANT_MISMATCH',
});

const ABSENT = 'absent_0000';
const MALFORMED = [
  '%25',
  "' or true --",
  '..%2f..%2fhealthz',
  'x'.repeat(90),
  'nul\u0000',
  '\u{1f600}',
  'unverified',
  '*',
];
const answered = ROUTES.filter(({ by }) => by === 'gateway');
const everyone = Object.keys(PEOPLE) as Who[];
const bodyOf = ({ method, path }: Route) =>
  method === 'POST' && !path.includes('{') ? { workflow: 'none', session: 's', text: 'x' } : undefined;
const at = ({ path }: Route, id: string) => path.replace(/\{\w+\}/, encodeURIComponent(id));
const ask = (who: Who | undefined, route: Route, id: string) =>
  world.ask(
    who,
    route.method,
    at(route, id),
    bodyOf(route),
    route.method === 'POST' ? { 'idempotency-key': 'k-ask' } : {},
  );

// A stream does not end, and a session is nobody's until there is one: their own specs ask.
const asked = answered.filter(({ path }) => path !== '/v1/stream' && !path.startsWith('/auth/'));

describe('who may call', () => {
  it.each(asked.map((route) => [`${route.method} ${route.path}`, route] as const))('%s', async (_, route) => {
    expect((await ask(undefined, route, ABSENT)).status === 401).toBe(route.callers !== 'anyone');
    for (const who of everyone) {
      const { status, body } = await ask(who, route, ABSENT);
      const roles = Array.isArray(route.callers) ? (route.callers as string[]) : undefined;
      const may = !roles || PEOPLE[who].roles.some((role) => roles.includes(role));
      expect({ who, may: !(status === 403 && body['code'] === 'PERMISSION_DENIED') }).toEqual({ who, may });
    }
  });
});

describe('whose intents and actions a person is answered with', () => {
  const routes = answered.filter(({ path }) => /^\/v1\/(intents|actions)\/\{id\}$/.test(path));
  const own: Record<Who, boolean> = {
    alice: true,
    anna: false,
    bob: true,
    sam: true,
    ruth: true,
    erin: false,
    gil: false,
    namesake: false,
  };

  it.each(routes.map((route) => [route.path, route] as const))('%s', async (path, route) => {
    const kind = path.includes('intents') ? 'intentId' : 'actionId';
    const absent = await ask('alice', route, ABSENT);
    expect(absent).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    for (const id of [{ intentId, actionId }[kind], requested[kind]]) {
      for (const who of everyone) {
        const answer = await ask(who, route, id);
        expect({ who, status: answer.status }).toEqual({ who, status: own[who] ? 200 : 404 });
        // Nothing tells another's from what is not there.
        if (!own[who]) expect(JSON.stringify(answer.body).replaceAll(id, ABSENT)).toBe(JSON.stringify(absent.body));
      }
    }
    for (const id of MALFORMED)
      expect({ id, status: (await ask('alice', route, id)).status }).toEqual({ id, status: 404 });
  });

  it('says of another tenant\u2019s record that it was not found, and never what audit alone is told', async () => {
    for (const path of [`/v1/actions/${actionId}`, `/v1/intents/${intentId}`]) {
      const { body } = await world.get('alice', path);
      expect(JSON.stringify(body)).toContain('NOT_FOUND');
      expect(JSON.stringify(body)).not.toContain('TENANT_MISMATCH');
    }
  });
});

describe('whose drafts a person is answered with', () => {
  const MARKER = 'a parcel that never came';
  const ids = (answer: { body: Record<string, unknown> }) =>
    (answer.body['data'] as { draftId: string }[]).map(({ draftId }) => draftId);
  const all: Who[] = ['alice', 'anna', 'bob', 'sam', 'erin', 'gil', 'namesake'];

  beforeAll(async () => {
    for (const [n, sub] of (['alice', 'alice', 'anna'] as const).entries()) await draft(`dra_${n}`, sub);
    // Of another's pen, without a warrant of its own, and of another tenant's name.
    await draft('dra_forged', 'alice', { result: 'policy' });
    await draft('dra_bare', 'alice', { warrant: 'executor' });
    await draft('dra_theirs', 'alice', { tenant: 'globex' });
    const count = async (who: Who) => ids(await world.get(who, '/v1/drafts')).length;
    await until(async () => (await count('bob')) === 3 && (await count('gil')) === 1, { what: 'the drafts' });
  });

  interface Made {
    tenant?: string;
    warrant?: 'policy' | 'executor';
    result?: 'policy' | 'executor';
  }
  async function draft(id: string, sub: Who, { tenant = 'acme', warrant = 'policy', result = 'executor' }: Made = {}) {
    const base = {
      ...{ intentId: intentIdOf(tenant, '/product', id), actionId: id, revision: 0, tenant, tool: 'issue_refund' },
      ...{ toolVersion: '1.0.0', jti: `jti_${id}`, grant: 'draft' },
    };
    const preview = { effect: { refunded: '18.00' }, basis: {}, digest: 'd' };
    const ended = { attempts: 1, endedAt: '2026-03-01T10:00:00.000Z', recordsRead: [], preview };
    const decided = {
      ...{
        actor: PEOPLE[sub],
        workflow: 'support-desk',
        workflowVersion: '1',
        session: 's-1',
        rules: [],
        policyVersion: 'p',
      },
      ...{ decidedAt: '2026-03-01T10:00:00.000Z', arguments: { reason: MARKER }, dryRun: false, idempotencyKey: 'key' },
      ...{ approvers: [], facts: {}, epoch: 0, fingerprint: 'f', nbf: 1, exp: 2 },
    };
    const as = { tenant, actor: sub };
    await world.publish('countersign.action.approved.v1', { ...base, ...decided }, { ...as, pen: warrant });
    await world.publish('countersign.action.drafted.v1', { ...base, ...ended }, { ...as, pen: result });
  }

  it('is their own, or the tenant\u2019s for those who oversee it, newest first; a forged one is none', async () => {
    const seen: Record<string, string[]> = {};
    for (const who of all) seen[who] = ids(await world.get(who, '/v1/drafts'));
    const [own, everybodys] = [
      ['dra_1', 'dra_0'],
      ['dra_2', 'dra_1', 'dra_0'],
    ];
    expect(seen).toEqual({
      ...{ alice: own, anna: ['dra_2'], bob: everybodys, sam: everybodys },
      ...{ erin: [], gil: ['dra_theirs'], namesake: ['dra_theirs'] },
    });
  });

  it('has what it was asked for and what it would change', async () => {
    expect(await world.get('anna', '/v1/drafts')).toMatchObject({
      body: {
        data: [
          {
            ...{
              draftId: 'dra_2',
              actionId: 'dra_2',
              workflow: 'support-desk',
              tool: 'issue_refund',
              requestedBy: 'anna',
            },
            ...{ arguments: { reason: MARKER }, preview: { effect: { refunded: '18.00' } }, status: 'drafted' },
          },
        ],
        nextCursor: null,
      },
    });
  });

  it('comes in pages, and a cursor that is none of ours is refused', async () => {
    const first = await world.get('bob', '/v1/drafts?limit=2');
    const second = await world.get('bob', `/v1/drafts?limit=50&cursor=${String(first.body['nextCursor'])}`);
    expect(new Set([...ids(first), ...ids(second)])).toEqual(new Set(['dra_0', 'dra_1', 'dra_2']));
    expect(second.body['nextCursor']).toBeNull();
    const none = Buffer.from(JSON.stringify(["1' or true --", 'x'])).toString('base64url');
    for (const cursor of ['x', none, Buffer.from('[1]').toString('base64url')])
      expect((await world.get('bob', `/v1/drafts?cursor=${cursor}`)).status).toBe(422);
  });
});

describe('what nobody but operators sees', () => {
  it('is told apart by no id: a parked record is not there, or not for you', async () => {
    const routes = answered.filter(({ path }) => path.startsWith('/v1/parked/'));
    expect(routes).toHaveLength(2);
    for (const route of routes) {
      for (const id of ['gateway:x', 'policy:x', 'nobody:x', ...MALFORMED]) {
        for (const who of ['alice', 'bob', 'erin'] as const) expect((await ask(who, route, id)).status).toBe(403);
        expect([404, 503]).toContain((await ask('sam', route, id)).status);
      }
    }
  });
});

describe('what other services answer', () => {
  it('is theirs to give: a caller without a token, or with another\u2019s, is passed on as they are', async () => {
    const forwarded = ROUTES.filter(({ by }) => by === 'approval' || by === 'audit');
    for (const route of forwarded) {
      await ask(undefined, route, ABSENT);
      expect(world.peer.asked.at(-1)).toMatchObject({ method: route.method, authorization: undefined });
      await ask('erin', route, ABSENT);
      const { authorization } = world.peer.asked.at(-1)!;
      const claims = JSON.parse(Buffer.from(authorization!.split('.')[1]!, 'base64url').toString()) as object;
      expect(claims).toMatchObject({ sub: 'erin', tenant: 'globex' });
    }
  });
});
