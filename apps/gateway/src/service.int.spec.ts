import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deriveId, intentIdOf, topicName } from '@countersign/contracts';
import { until } from '@countersign/testing';
import { DataSource } from 'typeorm';
import { IntentEventRow, IntentEvents } from './read-model.js';
import { Requests } from './requests.js';
import { acceptedData, replyData, World } from './world.spec-support.js';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.close());

const intent = (text = 'Where is my order?') => ({ workflow: 'support-desk', session: 's-1', text });
const recordsOf = async (id: unknown) =>
  (await world.records('intents')).filter(({ headers }) => headers['ce_subject'] === id);

describe('an intent over HTTP', () => {
  it('is published under ids of its user and key, with the token beside it and nowhere in the database', async () => {
    const eventId = deriveId('req', 'acme', 'alice', 'k-1');
    const intentId = intentIdOf('acme', '/gateway', eventId);
    const { status, body, headers } = await world.post('alice', intent(), 'k-1');
    expect({ status, body }).toEqual({ status: 202, body: { intentId, session: 's-1' } });
    expect(headers.get('idempotency-replayed')).toBeNull();
    const [record, ...others] = await recordsOf(intentId);
    expect(others).toEqual([]);
    expect(record!.key).toBe('acme/s-1');
    expect(JSON.parse(record!.value!.toString())).toEqual(intent());
    expect(record!.headers).toMatchObject({
      ce_id: eventId,
      ce_source: '/gateway',
      ce_tenantid: 'acme',
      ce_actorid: 'alice',
    });
    const token = record!.headers['authorization']!.replace('Bearer ', '');
    expect(token.split('.')).toHaveLength(3);
    const { rows } = await world.sql.query<{ row: string }>('select r::text as row from requests r');
    expect(rows.length).toBeGreaterThan(0);
    for (const { row } of rows) expect(row).not.toContain(token.split('.')[2]);
  });

  it('sent again gives the same answer, says so, and publishes nothing', async () => {
    const first = await world.post('alice', intent(), 'k-2');
    const second = await world.post('alice', intent(), 'k-2');
    expect([first.status, second.status, second.body]).toEqual([202, 202, first.body]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await recordsOf(first.body['intentId'])).toHaveLength(1);
  });

  it('with the same key and another body, or on the other route, is a conflict; of another user it is another intent', async () => {
    const first = await world.post('alice', intent(), 'k-3');
    const other = await world.post('alice', intent('Something else'), 'k-3');
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_CONFLICT' } });
    const action = { workflow: 'support-desk', session: 's-1', tool: 'get_order', arguments: {} };
    expect(await world.post('alice', action, 'k-3', '/v1/actions')).toMatchObject({ status: 422 });
    const bobs = await world.post('bob', intent(), 'k-3');
    expect(bobs.status).toBe(202);
    expect(bobs.body['intentId']).not.toBe(first.body['intentId']);
  });

  it('sent many times at once is published once', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => world.post('alice', intent(), 'k-race')));
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].every((status) => status === 202 || status === 409)).toBe(true);
    const accepted = answers.find(({ status }) => status === 202)!;
    expect(await recordsOf(accepted.body['intentId'])).toHaveLength(1);
  });

  it('whose first request is still in flight is 409, and is taken over once that must have died', async () => {
    await world.post('alice', intent(), 'k-4');
    const set = async (age: string) => {
      const { rowCount } = await world.sql.query(
        `update requests set answered_at = null, claimed_at = now() - interval '${age}' where key = $1`,
        [deriveId('req', 'acme', 'alice', 'k-4')], // the key itself is not kept
      );
      expect(rowCount).toBe(1);
    };
    await set('1 second');
    expect(await world.post('alice', intent(), 'k-4')).toMatchObject({
      status: 409,
      body: { code: 'IDEMPOTENCY_CONFLICT', status: 409 },
    });
    await set('10 seconds');
    const again = await world.post('alice', intent(), 'k-4');
    expect(again.status).toBe(202);
    const records = await recordsOf(again.body['intentId']);
    expect(records.map(({ headers }) => headers['ce_id'])).toEqual([
      records[0]!.headers['ce_id'],
      records[0]!.headers['ce_id'],
    ]);
  });

  it('needs a key, a person and a body that fits, and says which', async () => {
    expect(await world.post('alice', intent(), undefined)).toMatchObject({
      status: 400,
      body: { code: 'IDEMPOTENCY_KEY_REQUIRED' },
    });
    expect(await world.ask(undefined, 'POST', '/v1/intents', intent(), { 'idempotency-key': 'k' })).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHENTICATED' },
    });
    const flawed = await world.post('alice', { ...intent(), text: '', tenant: 'globex' }, 'k-5');
    expect(flawed).toMatchObject({ status: 422, body: { code: 'INVALID_ARGUMENTS' } });
    expect(flawed.body['detail']).toContain('text');
    expect(await world.post('alice', { ...intent(), session: 'a\nb' }, 'k-5')).toMatchObject({ status: 422 });
    expect((await world.post('alice', intent('x'.repeat(1_100_000)), 'k-5')).status).toBe(413);
  });
});

describe('a token that is about to expire', () => {
  it('is refused at the door: past it, the refusal would be in nobody’s name and the intent requested for ever', async () => {
    const send = async (ttlSeconds: number) =>
      world.ask(undefined, 'POST', '/v1/intents', intent(), {
        'idempotency-key': 'k-expiring',
        authorization: `Bearer ${await world.token('alice', ttlSeconds)}`,
      });
    expect(await send(10)).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHENTICATED', nextStep: expect.stringContaining('fresh token') },
    });
    expect((await send(60)).status).toBe(202);
  });
});

describe('the state of an intent', () => {
  it('is requested, then what policy says, and a wait is answered when it ends', async () => {
    const { body } = await world.post('alice', intent(), 'k-6');
    const intentId = body['intentId'] as string;
    expect((await world.get('alice', `/v1/intents/${intentId}`)).body).toEqual({
      intentId,
      session: 's-1',
      state: 'requested',
      actions: [],
    });
    const waited = world.get('bob', `/v1/intents/${intentId}?wait=30`);
    await world.publish('countersign.intent.accepted.v1', acceptedData(intentId), { pen: 'policy' });
    await world.publish('countersign.reply.sent.v1', replyData(intentId), { pen: 'planner' });
    expect(await waited).toMatchObject({
      status: 200,
      body: {
        intentId,
        state: 'ended',
        outcome: 'answered',
        reply: 'It is on its way.',
        workflow: 'support-desk',
        actions: [],
      },
    });
  });

  it('is there for one published on the topic directly, also when asked before anything is known', async () => {
    const intentId = intentIdOf('acme', '/product', 'r-77');
    const waited = world.get('alice', `/v1/intents/${intentId}?wait=30`);
    await world.publish('countersign.intent.accepted.v1', acceptedData(intentId), { pen: 'policy' });
    await world.publish('countersign.reply.sent.v1', replyData(intentId), { pen: 'planner' });
    expect((await waited).body).toMatchObject({ intentId, state: 'ended' });
  });

  it("is given as it is when the wait is over, and is nobody else's to see", async () => {
    const intentId = intentIdOf('acme', '/product', 'r-78');
    await world.publish('countersign.intent.accepted.v1', acceptedData(intentId), { pen: 'policy' });
    await until(async () => (await world.get('alice', `/v1/intents/${intentId}`)).status === 200, {
      what: 'the accepted intent',
    });
    expect((await world.get('alice', `/v1/intents/${intentId}?wait=0.2`)).body).toMatchObject({ state: 'accepted' });
    expect(await world.get('erin', `/v1/intents/${intentId}`)).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND' },
    });
    expect((await world.get('erin', `/v1/intents/${intentId}?wait=0.2`)).status).toBe(404);
    expect((await world.get('alice', '/v1/intents/int_unknown')).status).toBe(404);
    expect((await world.get('alice', `/v1/intents/${intentId}?wait=soon`)).status).toBe(422);
  });

  it('is waited for a minute at most when a longer wait is asked for, and other parameters are passed over', async () => {
    const intentId = intentIdOf('acme', '/product', 'r-82');
    const waited = world.get('alice', `/v1/intents/${intentId}?wait=600&verbose=1`);
    await world.publish('countersign.intent.accepted.v1', acceptedData(intentId), { pen: 'policy' });
    await world.publish('countersign.reply.sent.v1', replyData(intentId), { pen: 'planner' });
    expect(await waited).toMatchObject({ status: 200, body: { state: 'ended' } });
  });

  it('is shown to its actor and to those who oversee the tenant, and to no colleague', async () => {
    const { body } = await world.post('alice', intent(), 'k-whose');
    const intentId = body['intentId'] as string;
    const statuses = async () => {
      const seen: Record<string, number> = {};
      for (const who of ['alice', 'anna', 'bob', 'sam', 'erin'] as const)
        seen[who] = (await world.get(who, `/v1/intents/${intentId}`)).status;
      return seen;
    };
    const expected = { alice: 200, anna: 404, bob: 200, sam: 200, erin: 404 };
    expect(await statuses()).toEqual(expected);
    const waited = world.get('alice', `/v1/intents/${intentId}?wait=30`);
    await world.publish('countersign.intent.accepted.v1', acceptedData(intentId), { pen: 'policy' });
    await world.publish('countersign.reply.sent.v1', replyData(intentId), { pen: 'planner' });
    expect((await waited).body).toMatchObject({ state: 'ended' });
    expect(await statuses()).toEqual(expected);
  });

  it("is not moved by what its owner did not sign, nor by a reply in another tenant's name", async () => {
    const intentId = intentIdOf('acme', '/product', 'r-79');
    await world.publish('countersign.intent.accepted.v1', acceptedData(intentId), { pen: 'executor' });
    await world.publish(
      'countersign.intent.refused.v1',
      { ...refusal(intentId), code: 'PERMISSION_DENIED' },
      { salt: 'unsigned' },
    );
    await world.publish('countersign.reply.sent.v1', replyData(intentId, 'globex'), {
      tenant: 'globex',
      pen: 'planner',
    });
    await world.publish('countersign.reply.sent.v1', replyData(intentId), { salt: 'unsigned' });
    await world.publish('countersign.reply.sent.v1', replyData(intentId), { pen: 'executor', salt: 'not the planner' });
    await world.publish('countersign.intent.accepted.v1', acceptedData(intentId), { pen: 'policy', salt: 'genuine' });
    const state = await until(
      async () => {
        const answer = await world.get('alice', `/v1/intents/${intentId}`);
        return answer.status === 200 && answer.body;
      },
      { what: 'the genuine acceptance' },
    );
    expect(state).toMatchObject({ state: 'accepted' });
    expect((await world.get('erin', `/v1/intents/${intentId}`)).status).toBe(404);
  });

  it('of a refused one is shown to its tenant, and to nobody where no tenant was verified', async () => {
    const own = intentIdOf('acme', '/product', 'r-80');
    await world.publish(
      'countersign.intent.refused.v1',
      { ...refusal(own), code: 'UNKNOWN_WORKFLOW' },
      { pen: 'policy' },
    );
    const nobodys = intentIdOf('unverified', '/product', 'r-81');
    await world.publish(
      'countersign.intent.refused.v1',
      { ...refusal(nobodys), code: 'UNAUTHENTICATED' },
      { pen: 'policy', tenant: 'unverified' },
    );
    expect((await world.get('alice', `/v1/intents/${own}?wait=20`)).body).toMatchObject({
      state: 'refused',
      code: 'UNKNOWN_WORKFLOW',
      detail: 'no',
    });
    expect((await world.get('alice', `/v1/intents/${nobodys}?wait=0.3`)).status).toBe(404);
  });

  it('of an asked-for tool call is found by its action, ended or refused', async () => {
    const body = { workflow: 'support-desk', session: 's-1', tool: 'get_order', arguments: { orderId: 'ord_1001' } };
    const posted = (await world.post('alice', body, 'k-7', '/v1/actions')).body as {
      intentId: string;
      actionId: string;
    };
    const { intentId, actionId } = posted;
    expect((await world.get('alice', `/v1/actions/${actionId}`)).body).toMatchObject({
      intentId,
      actionId,
      state: 'requested',
    });
    const waited = world.get('alice', `/v1/actions/${actionId}?wait=30`);
    const action = { actionId, tool: 'get_order', arguments: body.arguments, dryRun: false };
    await world.publish('countersign.intent.accepted.v1', acceptedData(intentId, { kind: 'action', action }), {
      pen: 'policy',
    });
    await world.publish('countersign.action.read.v1', readData(intentId, actionId), { pen: 'executor' });
    expect((await waited).body).toMatchObject({
      actionId,
      intentId,
      tool: 'get_order',
      state: 'ended',
      outcome: 'read',
      result: { total: '54.00' },
    });
    const refused = (await world.post('alice', body, 'k-8', '/v1/actions')).body as {
      intentId: string;
      actionId: string;
    };
    await world.publish(
      'countersign.intent.refused.v1',
      { ...refusal(refused.intentId), code: 'PERMISSION_DENIED' },
      { pen: 'policy' },
    );
    expect((await world.get('alice', `/v1/actions/${refused.actionId}?wait=20`)).body).toMatchObject({
      actionId: refused.actionId,
      state: 'refused',
      code: 'PERMISSION_DENIED',
    });
  });
});

const refusal = (intentId: string) => ({
  intentId,
  source: '/product',
  requestId: 'r',
  claimed: {},
  detail: 'no',
  nextStep: 'stop',
});
const readData = (intentId: string, actionId: string) => ({
  intentId,
  actionId,
  revision: 0,
  tenant: 'acme',
  tool: 'get_order',
  toolVersion: '1.0.0',
  jti: 'jti_1',
  grant: 'read',
  attempts: 1,
  endedAt: new Date().toISOString(),
  recordsRead: [],
  result: { total: '54.00' },
});

describe('what other services answer', () => {
  it("is asked of them unchanged, with the caller's own token", async () => {
    const body = { decision: 'approve', actionHash: 'h', reason: 'ok' };
    world.peer.answers['POST /v1/approvals/apr_1/decisions'] = { status: 409, body: { code: 'APPROVAL_STALE' } };
    world.peer.answers['GET /v1/approvals?status=open&limit=2'] = { status: 200, body: { data: [], nextCursor: null } };
    expect(await world.ask('bob', 'POST', '/v1/approvals/apr_1/decisions', body)).toMatchObject({
      status: 409,
      body: { code: 'APPROVAL_STALE' },
    });
    expect((await world.get('bob', '/v1/approvals?status=open&limit=2')).body).toEqual({ data: [], nextCursor: null });
    const [decided] = world.peer.asked.filter(({ method }) => method === 'POST');
    expect(JSON.parse(decided!.body)).toEqual(body);
    expect(decided!.authorization).toMatch(/^Bearer .+\..+\..+$/);
  });

  it('is a clear 503 while they are away', async () => {
    expect(await world.get('sam', '/v1/in-doubt')).toMatchObject({ status: 503, body: { code: 'UPSTREAM_FAILED' } });
  });
});

describe('an access review', () => {
  it('puts what audit saw beside what the workflows ask for, as JSON and CSV', async () => {
    const at = '2026-03-01T10:00:00.000Z';
    const did = { granted: 2, edited: 0, rejected: 1, settled: 0, lastAt: at };
    world.peer.answers['GET /v1/approvers'] = {
      status: 200,
      body: {
        seen: [{ person: 'gil', roles: ['support-lead'], at }],
        did: [{ person: 'gil', tool: 'issue_refund', ...did }],
      },
    };
    const { body } = await world.get('gil', '/v1/access-review');
    expect(body).toMatchObject({ tenant: 'globex', nextCursor: null });
    // No workflow is loaded here.
    const line = { workflow: null, tool: 'issue_refund', person: 'gil', mayApprove: false, roles: ['support-lead'] };
    expect(body['data']).toMatchObject([{ ...line, ...did }]);
    expect(world.peer.asked.at(-1)).toMatchObject({
      url: '/v1/approvers',
      authorization: expect.stringMatching(/^Bearer /),
    });
    const { text } = (await world.get('gil', '/v1/access-review?format=csv')).body;
    expect(String(text).split('\r\n')[0]).toContain('"tool","person","mayApprove"');
    expect((await world.get('gil', '/v1/access-review?format=xml')).status).toBe(422);
    expect((await world.get('sam', '/v1/access-review')).status).toBe(403);
  });
});

describe('parked records', () => {
  it('of all services are under one roof, for operators only, and go back to where they came from', async () => {
    await world.kafka.produce(topicName('replies', world.prefix), { key: 'acme/s-1', value: 'not json' });
    world.peer.answers['GET /v1/parked'] = {
      status: 200,
      body: { data: [{ id: 'p/1', reason: 'NOT_JSON' }], nextCursor: null },
    };
    world.peer.answers['POST /v1/parked/p%2F1/redrive'] = {
      status: 200,
      body: { redriven: false, because: 'NOT_JSON' },
    };
    type Entry = { id: string; service: string; reason: string };
    const own = await until(
      async () => {
        const data = (await world.get('sam', '/v1/parked')).body['data'] as Entry[];
        return data.some(({ service }) => service === 'gateway') && data;
      },
      { what: 'the parked record' },
    );
    expect(own.find(({ service }) => service === 'gateway')).toMatchObject({ reason: 'NOT_JSON', topic: 'replies' });
    expect(own.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['policy:p/1', 'planner:p/1', 'approval:p/1', 'audit:p/1']),
    );
    const asked = world.peer.asked.filter(({ url }) => url.startsWith('/v1/parked'));
    expect(asked.every(({ authorization }) => /^Bearer .+\..+\..+$/.test(authorization ?? ''))).toBe(true);
    const { body } = await world.get('sam', '/v1/parked?limit=50');
    expect(body).toMatchObject({ unreachable: ['executor'] });
    expect((await world.ask('sam', 'POST', `/v1/parked/${encodeURIComponent('policy:p/1')}/redrive`)).body).toEqual({
      redriven: false,
      because: 'NOT_JSON',
    });
    const id = encodeURIComponent(own.find(({ service }) => service === 'gateway')!.id);
    expect((await world.get('sam', `/v1/parked/${id}`)).body).toMatchObject({ service: 'gateway', reason: 'NOT_JSON' });
    expect((await world.ask('sam', 'POST', `/v1/parked/${id}/redrive`)).body).toMatchObject({ redriven: false });
    expect(await world.get('alice', '/v1/parked')).toMatchObject({ status: 403, body: { code: 'PERMISSION_DENIED' } });
    expect((await world.get('sam', '/v1/parked/nonsense')).status).toBe(404);
  });

  it('does not stop what comes after it', async () => {
    const intentId = intentIdOf('acme', '/product', 'r-90');
    await world.publish('countersign.intent.accepted.v1', acceptedData(intentId), { pen: 'policy' });
    await world.publish('countersign.reply.sent.v1', replyData(intentId), { pen: 'planner' });
    expect((await world.get('alice', `/v1/intents/${intentId}?wait=20`)).body).toMatchObject({ state: 'ended' });
  });
});

describe('the sweep', () => {
  it('lets go of what is past its time, and of nothing else', async () => {
    const source = await new DataSource({
      type: 'postgres',
      url: world.database.serviceUrl,
      entities: [IntentEventRow],
    }).initialize();
    const counted = async () => {
      const { rows } = await world.sql.query<{ events: string; requests: string }>(
        'select (select count(*) from intent_events) as events, (select count(*) from requests) as requests',
      );
      return rows[0]!;
    };
    const before = await counted();
    await world.sql.query(
      `insert into intent_events (intent_id, topic, partition, record_offset, appended_at, tenant, type, covered, text)
       values ('int_old', 'decisions', 0, 0, 1, 'acme', 't', '{}', '{}')`,
    );
    await world.sql.query(
      `insert into requests (tenant, sub, key, body_hash, intent_id, session, claimed_at)
       values ('acme', 'alice', 'old', 'h', 'int_old', 's', now() - interval '15 days')`,
    );
    await new IntentEvents(source).sweep(new Date());
    await new Requests({
      query: async <R>(_: string, text: string, values: unknown[]) => (await world.sql.query(text, values)).rows as R[],
    }).sweep();
    expect(await counted()).toEqual(before);
    expect(Number(before.events)).toBeGreaterThan(0);
    await source.destroy();
  });
});

describe('OpenID AuthZEN', () => {
  const raw = async (path: string, init: RequestInit) => fetch(`${world.url}${path}`, init);

  it('is asked of policy, byte by byte, whatever it is', async () => {
    world.peer.answers['POST /access/v1/evaluation'] = { status: 200, body: { decision: true } };
    const authorization = `Bearer ${await world.token('alice')}`;
    for (const [type, body] of [
      ['application/json', '{"subject": {"a":1, "a":2}'],
      ['text/xml', '<no/>'],
    ] as const) {
      const headers = { 'content-type': type, authorization };
      const answer = await raw('/access/v1/evaluation?workflow=todo', { method: 'POST', headers, body });
      expect([answer.status, await answer.json()]).toEqual([200, { decision: true }]);
      expect(world.peer.asked.at(-1)).toMatchObject({
        url: '/access/v1/evaluation?workflow=todo',
        body,
        authorization,
      });
    }
  });

  it("tells the caller's request id; elsewhere ids are the gateway's own", async () => {
    const headers = { 'x-request-id': 'of-the-caller' };
    const asked = await world.ask('alice', 'POST', '/access/v1/evaluations', {}, headers);
    expect(asked.headers.get('x-request-id')).toBe('of-the-caller');
    const bare = await world.ask('alice', 'POST', '/access/v1/evaluations', {});
    expect(bare.headers.get('x-request-id')).toBeTruthy();
    const elsewhere = await world.ask('alice', 'GET', '/v1/workflows', undefined, headers);
    expect(elsewhere.headers.get('x-request-id')).not.toBe('of-the-caller');
  });

  it('is found by anyone: where it is answered', async () => {
    const { status, headers, body } = await world.ask(undefined, 'GET', '/.well-known/authzen-configuration');
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringMatching(/^application\/json/)]);
    expect(body).toEqual({
      policy_decision_point: world.url,
      access_evaluation_endpoint: `${world.url}/access/v1/evaluation`,
      access_evaluations_endpoint: `${world.url}/access/v1/evaluations`,
    });
  });
});

describe('the surface', () => {
  it('ends there: any other path is NOT_FOUND', async () => {
    expect(await world.get('alice', '/v1/nothing')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  it('carries its documents, health, pipeline and headers', async () => {
    const document = await world.ask(undefined, 'GET', '/openapi.json');
    expect(document.body).toMatchObject({ openapi: '3.1.0' });
    expect(document.headers.get('x-content-type-options')).toBe('nosniff');
    expect(document.headers.get('x-request-id')).toBeTruthy();
    expect((await world.ask(undefined, 'GET', '/asyncapi.json')).body).toMatchObject({ asyncapi: '3.0.0' });
    expect((await world.ask(undefined, 'GET', '/readyz')).body).toMatchObject({ ready: true });
    expect((await world.ask(undefined, 'GET', '/metrics')).body['text']).toContain('countersign_records_handled_total');
    world.peer.answers['GET /readyz'] = { status: 200, body: { ready: true, lag: 0 } };
    const pipeline = (await world.get('sam', '/v1/pipeline')).body['data'] as { service: string; reachable: boolean }[];
    expect(pipeline.map(({ service, reachable }) => [service, reachable])).toEqual([
      ['gateway', true],
      ['policy', true],
      ['planner', true],
      ['approval', true],
      ['executor', false],
      ['audit', true],
    ]);
  });
});
