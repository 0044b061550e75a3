import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { until } from '@countersign/testing';
import { World, type Who } from '../world.spec-support.js';
import { KEY_META } from './mcp-server.js';
import { AWAIT_TOOL } from './tool-list.js';

let world: World;
beforeAll(async () => {
  world = await World.open('@countersign/support-desk');
});
afterAll(() => world.close());

async function connect(who: Who) {
  const client = new Client({ name: 'spec', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(`${world.url}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${await world.token(who)}` } },
  });
  await client.connect(transport as Parameters<Client['connect']>[0]);
  return { client, sessionId: transport.sessionId! };
}

const initialize = {
  ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'spec', version: '1' } },
};
const list = { jsonrpc: '2.0', id: 2, method: 'tools/list', params: {} };
const call = (id: number, amount: string, _meta: object = {}) => ({
  ...{ jsonrpc: '2.0', id, method: 'tools/call' },
  params: {
    name: 'issue_refund',
    arguments: { orderId: 'ord_1', amount, currency: 'EUR', reason: 'late' },
    _meta,
  },
});
const ACCEPT = { accept: 'application/json, text/event-stream' };

it('says without a token where to get one', async () => {
  const { status, headers } = await world.ask(undefined, 'POST', '/mcp', initialize);
  expect(status).toBe(401);
  const where = /^Bearer resource_metadata="(.*)"$/.exec(headers.get('www-authenticate') ?? '')?.[1];
  expect(where).toBe(`${world.url}/.well-known/oauth-protected-resource`);
  expect(await (await fetch(where!)).json()).toMatchObject({
    resource: `${world.url}/mcp`,
    authorization_servers: [expect.stringMatching(/^http/)],
  });
});

it('lists what the roles of its caller may call, and no more', async () => {
  const namesOf = async (who: Who) => (await (await connect(who)).client.listTools()).tools.map(({ name }) => name);
  expect(await namesOf('alice')).toEqual(expect.arrayContaining(['issue_refund', 'get_order', AWAIT_TOOL]));
  expect(await namesOf('ruth')).toEqual([AWAIT_TOOL]);
});

it('refuses a page of another site', async () => {
  const evil = { ...ACCEPT, origin: 'http://evil.example' };
  expect(await world.ask('alice', 'POST', '/mcp', initialize, evil)).toMatchObject({ status: 403 });
});

it('refuses the session of another user, and none at all', async () => {
  const { sessionId } = await connect('alice');
  const ask = (who: Who, headers: Record<string, string>) =>
    world.ask(who, 'POST', '/mcp', list, { ...ACCEPT, ...headers });
  expect(await ask('alice', { 'mcp-session-id': sessionId })).toMatchObject({ status: 200 });
  for (const who of ['anna', 'namesake'] as const)
    expect(await ask(who, { 'mcp-session-id': sessionId })).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  expect(await ask('alice', {})).toMatchObject({ status: 400, body: { code: 'INVALID_ARGUMENTS' } });
});

it('names the workflows there are to who asks for another', async () => {
  expect(await world.ask('alice', 'POST', '/mcp?workflow=none', initialize, ACCEPT)).toMatchObject({
    body: { code: 'UNKNOWN_WORKFLOW', nextStep: expect.stringContaining('support-desk') },
  });
});

it('sends nothing unasked', async () => {
  for (const method of ['GET', 'DELETE'])
    expect(await world.ask('alice', method, '/mcp')).toMatchObject({ status: 405, body: { nextStep: 'Use POST.' } });
});

const requests = async (session: string) =>
  (await world.records('intents'))
    .map(({ value }) => JSON.parse(String(value)) as { session: string; tool: string })
    .filter((data) => data.session === session);

it('a call sent again acts once; with other arguments it is refused', async () => {
  const { sessionId } = await connect('alice');
  const session = `mcp-${sessionId.split('.')[0]}`;
  const headers = { ...ACCEPT, 'mcp-session-id': sessionId };
  const send = (body: object) => world.ask('alice', 'POST', '/mcp', body, headers);
  // Nobody judges it here: policy's word on it is what ends the wait.
  const first = send(call(7, '1.00'));
  await until(async () => (await requests(session)).length > 0, { what: 'the request' });
  expect(await requests(session)).toHaveLength(1);
  const changed = await send(call(7, '2.00'));
  expect(String(changed.body['text'])).toContain('IDEMPOTENCY_CONFLICT');
  expect(String(changed.body['text'])).toContain('"isError":true');
  await refuseAll();
  expect(String((await first).body['text'])).toContain('STAGE_FORBIDS');
  expect(String((await send(call(7, '1.00'))).body['text'])).toContain('STAGE_FORBIDS');
  expect(await requests(session)).toHaveLength(1);
  const badKey = await send(call(8, '1.00', { [KEY_META]: 'a b' }));
  expect(String(badKey.body['text'])).toContain('INVALID_ARGUMENTS');
});

/** Policy refuses what was asked for. */
async function refuseAll() {
  const { rows } = await world.sql.query<{ intent_id: string }>('select intent_id from requests');
  for (const { intent_id: intentId } of rows) {
    const why = { code: 'STAGE_FORBIDS', detail: 'not now', nextStep: 'Wait.' };
    const data = { intentId, source: '/gateway', requestId: 'r-1', claimed: {}, ...why };
    await world.publish('countersign.intent.refused.v1', data, { pen: 'policy' });
  }
}

it('an unknown tool is a mistake of the protocol; an action that is not there is a refusal', async () => {
  const { client } = await connect('alice');
  await expect(client.callTool({ name: 'no_such_tool', arguments: {} })).rejects.toMatchObject({ code: -32602 });
  expect(await client.callTool({ name: AWAIT_TOOL, arguments: { actionId: 'act_none' } })).toMatchObject({
    isError: true,
    structuredContent: { code: 'NOT_FOUND', nextStep: expect.any(String) },
  });
});
