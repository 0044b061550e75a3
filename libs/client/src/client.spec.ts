import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { problem } from '@countersign/contracts';
import { Client, CountersignError } from './index.js';
import { ScriptedGateway, type Scripted } from './scripted-gateway.spec-support.js';

const request = { workflow: 'support-desk', session: 's-1', tool: 'get_order', arguments: { orderId: 'ord_1001' } };
const accepted = { status: 202, body: { intentId: 'int_1', actionId: 'act_1', session: 's-1' } };
const action = (state: string, more: object = {}): Scripted => ({
  status: 200,
  body: { actionId: 'act_1', intentId: 'int_1', tool: 'get_order', state, ...more },
});
const refused = (status: number, body: object, headers = {}): Scripted => ({
  status,
  body,
  headers: { 'content-type': 'application/problem+json', ...headers },
});
const inFlight = { ...problem('IDEMPOTENCY_CONFLICT', 'still in flight'), status: 409 };

let gateway: ScriptedGateway;
let client: Client;
// One each: what a test gave up on may still arrive.
beforeEach(async () => {
  gateway = await ScriptedGateway.open();
  client = new Client({ url: gateway.url, token: 'of-the-client' });
});
afterEach(() => gateway.close());

/** What a call was refused with. */
async function errorOf(call: Promise<unknown>): Promise<CountersignError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CountersignError) return error;
  throw new Error(`no CountersignError: ${String(error)}`);
}
const keys = () => gateway.asked.map(({ headers }) => headers['idempotency-key']);

describe('what is sent', () => {
  it('is sent again with the same key and body for whatever passes', async () => {
    gateway.answers(
      'drop',
      refused(503, {}),
      refused(409, inFlight),
      refused(429, problem('RATE_LIMITED', 'x')),
      accepted,
    );
    const sent = await client.requestAction(request);
    expect(sent).toMatchObject({ intentId: 'int_1', actionId: 'act_1', session: 's-1', replayed: false });
    expect(keys()).toEqual(Array(5).fill(sent.idempotencyKey));
    expect(gateway.asked.map(({ body }) => body)).toEqual(Array(5).fill(request));
  });

  it('has a key of its own for each call, or the one that is given', async () => {
    gateway.answers({ ...accepted, headers: { 'idempotency-replayed': 'true' } });
    const [one, other] = [await client.requestAction(request), await client.requestAction(request)];
    expect(one.idempotencyKey).not.toBe(other.idempotencyKey);
    expect(await client.requestAction(request, { idempotencyKey: 'order-7' })).toMatchObject({
      idempotencyKey: 'order-7',
      replayed: true,
    });
    expect(keys()[2]).toBe('order-7');
  });

  it.each([
    [422, problem('IDEMPOTENCY_CONFLICT', 'another request')],
    [401, problem('UNAUTHENTICATED', 'expired')],
    [503, problem('KILLED', 'issue_refund is killed')],
    [501, problem('NOT_BUILT', 'not yet')],
  ])('is not sent again after a %i that lasts, and says the code, why and the next step', async (status, body) => {
    gateway.answers(refused(status, body));
    const error = await errorOf(client.requestAction(request, { idempotencyKey: 'k' }));
    expect(error).toMatchObject({ status, code: body.code, detail: body.detail, nextStep: body.nextStep });
    expect(error.message).toBe(`${body.code}: ${body.detail} ${body.nextStep}`);
    expect(error.idempotencyKey).toBe('k');
    expect(gateway.asked).toHaveLength(1);
  });

  it('is not sent again before the time that the answer names: that is said to the caller instead', async () => {
    gateway.answers(refused(429, problem('RATE_LIMITED', 'too many'), { 'retry-after': '60' }));
    expect(await errorOf(client.requestAction(request))).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 60 });
    expect(gateway.asked).toHaveLength(1);
  });

  it('says when nobody answers in time, with the key that makes another try safe', async () => {
    gateway.answers('drop');
    const error = await errorOf(client.requestAction(request, { idempotencyKey: 'k', timeoutMs: 250 }));
    expect(error).toMatchObject({ code: 'UPSTREAM_TIMEOUT', status: undefined, idempotencyKey: 'k' });
    expect(keys().every((key) => key === 'k')).toBe(true);
    expect(gateway.asked.length).toBeGreaterThan(1);
  });

  it('goes nowhere when it cannot be right, and says which fields to correct', async () => {
    gateway.answers(accepted);
    const wrong = { ...request, session: 'a\nb', arguments: { text: '\ud800' } };
    const error = await errorOf(client.requestAction(wrong));
    expect(error.code).toBe('INVALID_ARGUMENTS');
    expect(error.fields.map(({ path }) => path)).toEqual(['session', 'arguments']);
    const extra = { workflow: 'w', session: 's', text: 'hello', tenant: 'globex' };
    expect((await errorOf(client.sendIntent(extra))).code).toBe('INVALID_ARGUMENTS');
    const key = await errorOf(client.requestAction(request, { idempotencyKey: 'a b' }));
    expect(key.fields[0]?.path).toBe('idempotencyKey');
    expect(gateway.asked).toEqual([]);
  });

  it("carries the end user's token of the call before the client's, fresh for each attempt", async () => {
    gateway.answers('drop', accepted);
    let asked = 0;
    await client.requestAction(request, { token: () => `fresh-${++asked}` });
    await client.requestAction(request);
    expect(gateway.asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer fresh-1',
      'Bearer fresh-2',
      'Bearer of-the-client',
    ]);
    const nobodys = new Client({ url: gateway.url });
    expect((await errorOf(nobodys.requestAction(request))).fields[0]?.path).toBe('token');
  });

  it('takes its token nowhere else: a redirect is not followed', async () => {
    const other = await ScriptedGateway.open();
    other.answers(accepted);
    gateway.answers({ status: 307, headers: { location: `${other.url}/v1/actions` }, body: {} });
    expect(await errorOf(client.requestAction(request))).toMatchObject({ status: 307, code: 'UPSTREAM_FAILED' });
    expect(other.asked).toEqual([]);
    await other.close();
  });

  it('stops when the caller does, with their reason', async () => {
    gateway.answers('hold');
    const stop = new AbortController();
    gateway.onAsked = () => stop.abort(new Error('enough'));
    await expect(client.requestAction(request, { signal: stop.signal })).rejects.toThrow('enough');
    await expect(client.requestAction(request, { signal: stop.signal })).rejects.toThrow('enough');
    expect(gateway.asked).toHaveLength(1);
  });
});

describe('a url', () => {
  it('that is none is refused at once', () => {
    expect(() => new Client({ url: 'localhost:8080' })).toThrow(CountersignError);
  });

  it("that is not a gateway's is said to be none", async () => {
    gateway.answers({ status: 200, body: '<html>' });
    expect((await errorOf(client.action('act_1'))).nextStep).toContain('Check the url');
  });
});

describe('waiting', () => {
  it('returns what became of an action, with what it was done to', async () => {
    gateway.answers(action('requested'), action('executing'), action('ended', { outcome: 'read', result: { id: 1 } }));
    expect(await client.waitForAction('act_1')).toMatchObject({ state: 'ended', outcome: 'read', result: { id: 1 } });
  });

  it('says at once that a person decides, with the item of the queue', async () => {
    const waits = {
      approvalId: 'apr_1',
      code: 'NEEDS_APPROVAL',
      detail: 'one of support-lead decides',
      nextStep: 'Wait',
    };
    gateway.answers(action('executing'), action('waiting', waits));
    expect(await client.waitForAction('act_1')).toMatchObject({ state: 'waiting', ...waits });
    expect(gateway.asked).toHaveLength(2);
  });

  it('waits on through an approval where that is asked for', async () => {
    gateway.answers(action('waiting'), action('waiting'), action('ended', { outcome: 'committed' }));
    expect(await client.waitForAction('act_1', { throughApproval: true })).toMatchObject({ outcome: 'committed' });
  });

  it('ends with its time, with the action as it stands', async () => {
    gateway.answers(action('executing'));
    expect(await client.waitForAction('act_1', { timeoutMs: 120 })).toMatchObject({ state: 'executing' });
    expect(await client.waitForAction('act_1', { timeoutMs: 0 })).toMatchObject({ state: 'executing' });
    expect(gateway.asked.length).toBeLessThan(6);
  });

  it('stops when the caller does, while the answer is held', async () => {
    gateway.answers('hold');
    const stop = new AbortController();
    gateway.onAsked = () => stop.abort(new Error('enough'));
    await expect(client.waitForAction('act_1', { signal: stop.signal, timeoutMs: Infinity })).rejects.toThrow('enough');
  });

  it('goes on over what passes, and over an id that is not known yet', async () => {
    const unknown = refused(404, problem('NOT_FOUND', 'no such action'));
    gateway.answers(unknown, 'drop', refused(502, {}), action('ended', { outcome: 'denied', code: 'KILLED' }));
    expect(await client.waitForAction('act_1')).toMatchObject({ outcome: 'denied', code: 'KILLED' });
    gateway.answers(unknown);
    expect((await errorOf(client.waitForAction('act_1', { timeoutMs: 50 }))).code).toBe('NOT_FOUND');
  });

  it('asks the server to hold its answer, longer from round to round', async () => {
    gateway.answers(action('requested'), action('requested'), action('ended', { outcome: 'read' }));
    await client.waitForAction('act_1');
    expect(gateway.asked.map(({ path }) => path)).toEqual(
      ['0.200', '0.300', '0.500'].map((wait) => `/v1/actions/act_1?wait=${wait}`),
    );
  });

  it('reads an intent with its actions, and what a newer system says besides', async () => {
    const one = {
      actionId: 'act_1',
      intentId: 'int_1',
      tool: 't',
      state: 'ended',
      outcome: 'denied',
      code: 'NEW_CODE',
    };
    gateway.answers({
      status: 200,
      body: { intentId: 'int_1', state: 'ended', outcome: 'answered', reply: 'Done.', actions: [one], extra: 1 },
    });
    expect(await client.waitForIntent('int_1')).toEqual({
      ...{ intentId: 'int_1', state: 'ended', outcome: 'answered', reply: 'Done.' },
      actions: [one],
    });
  });
});
