import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { problem, topicName } from '@countersign/contracts';
import { engineUrl, PlainKafka, testTopicPrefix } from '@countersign/testing';

const MAIN = path.resolve(import.meta.dirname, '../dist/main.js');

interface Seen {
  method: string;
  url: string;
  authorization: string | undefined;
  key: string | undefined;
  body: unknown;
}

const refusedBy = (verdictId: string) => ({
  ...{ verdictId, code: 'UNAUTHENTICATED', detail: 'the token has expired', nextStep: 'Say it again.' },
});

/** A gateway as small as it can be: answers what a test laid down for a route. */
class Gateway {
  readonly seen: Seen[] = [];
  readonly answers = new Map<string, { status: number; body: unknown }>();
  private readonly server: Server = createServer((request, response) => {
    void this.take(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private async take(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { method = '', url = '', headers } = request;
    const key = headers['idempotency-key'] as string | undefined;
    this.seen.push({
      method,
      url,
      authorization: headers.authorization,
      key,
      body: text ? JSON.parse(text) : undefined,
    });
    return (
      this.answers.get(`${method} ${url.split('?')[0]}`) ?? {
        status: 404,
        body: problem('NOT_FOUND', 'there is no such thing'),
      }
    );
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

describe('the command line, as built', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await new Gateway().start();
  });
  afterEach(() => {
    gateway.seen.length = 0;
    gateway.answers.clear();
  });
  afterAll(() => gateway.close());

  async function run(argv: string[], env: Record<string, string> = {}) {
    const settings = {
      PATH: process.env['PATH'] ?? '',
      NO_COLOR: '1',
      COUNTERSIGN_URL: gateway.url,
      COUNTERSIGN_TOKEN: 'a.b.c',
      ...env,
    };
    const child = spawn(process.execPath, [MAIN, ...argv], { env: settings, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    child.stderr.on('data', (chunk) => (err += String(chunk)));
    const [code] = (await once(child, 'close')) as [number];
    return { code, out, err };
  }

  it('publishes an intent as the person of the token, with the key that was given', async () => {
    gateway.answers.set('POST /v1/intents', { status: 202, body: { intentId: 'int_1', session: 's-1' } });
    const { code, out, err } = await run([
      'intents',
      'send',
      'refund 18 €',
      '--session',
      's-1',
      '--key',
      'k-1',
      '--subject',
      'order:ord_1001',
      '--json',
    ]);
    expect({ code, err, answer: JSON.parse(out) as unknown }).toEqual({
      code: 0,
      err: '',
      answer: { intentId: 'int_1', session: 's-1' },
    });
    expect(gateway.seen).toEqual([
      {
        ...{ method: 'POST', url: '/v1/intents', authorization: 'Bearer a.b.c', key: 'k-1' },
        body: {
          workflow: 'support-desk',
          session: 's-1',
          text: 'refund 18 €',
          subject: { type: 'order', id: 'ord_1001' },
        },
      },
    ]);
  });

  it('waits for an action and exits 6 when it was denied, with the data on stdout and the way out on stderr', async () => {
    const denied = {
      actionId: 'act_1',
      tool: 'issue_refund',
      state: 'ended',
      outcome: 'denied',
      code: 'LIMIT_EXCEEDED',
      detail: 'too much',
      nextStep: 'Ask for less.',
    };
    gateway.answers.set('POST /v1/actions', {
      status: 202,
      body: { intentId: 'int_1', actionId: 'act_1', session: 's-1' },
    });
    gateway.answers.set('GET /v1/actions/act_1', { status: 200, body: denied });
    const { code, out, err } = await run([
      'actions',
      'send',
      'issue_refund',
      '--args',
      '{"amount":"9.00"}',
      '--arg',
      'orderId=ord_1',
      '--dry-run',
      '--wait',
      '5',
      '--json',
    ]);
    expect({ code, err }).toEqual({ code: 6, err: 'LIMIT_EXCEEDED: too much\nNext: Ask for less.\n' });
    expect(JSON.parse(out)).toEqual(denied);
    expect(gateway.seen[0]?.body).toMatchObject({
      tool: 'issue_refund',
      arguments: { amount: '9.00', orderId: 'ord_1' },
      dry_run: true,
    });
    expect(gateway.seen[1]?.url).toBe('/v1/actions/act_1?wait=5');
  });

  it('decides on the item as it is now', async () => {
    gateway.answers.set('GET /v1/approvals/apr_1', {
      status: 200,
      body: { approvalId: 'apr_1', status: 'open', tool: 'issue_refund', actionHash: 'h1' },
    });
    gateway.answers.set('POST /v1/approvals/apr_1/decisions', {
      status: 200,
      body: { approvalId: 'apr_1', status: 'decided', tool: 'issue_refund' },
    });
    const { code, out } = await run(['approvals', 'approve', 'apr_1', '--reason', 'seen']);
    expect({ code, body: gateway.seen[1]?.body }).toEqual({
      code: 0,
      body: { decision: 'approve', actionHash: 'h1', reason: 'seen' },
    });
    expect(out).toMatch(/approval +apr_1\nstatus +decided/);
  });

  it('changes arguments as they are typed, and shows the difference when the item is another by then', async () => {
    const args = { orderId: 'ord_1', amount: '900.00', times: 2 };
    const item = { approvalId: 'apr_1', status: 'open', tool: 'issue_refund', actionHash: 'h1', arguments: args };
    gateway.answers.set('GET /v1/approvals/apr_1', { status: 200, body: item });
    const stale = {
      ...problem('APPROVAL_STALE', 'it is another', { currentApprovalId: 'apr_2' }),
      difference: [{ field: 'arguments.amount', before: '900.00', after: '950.00' }],
    };
    gateway.answers.set('POST /v1/approvals/apr_1/decisions', { status: 409, body: stale });
    const argv = ['approvals', 'edit', 'apr_1', '--set', 'amount=500.00', '--set', 'times=3', '--reason', 'less'];
    const { code, out, err } = await run(argv);
    expect(gateway.seen[1]?.body).toEqual({
      ...{ decision: 'edit', actionHash: 'h1', reason: 'less' },
      arguments: { ...args, amount: '500.00', times: 3 },
    });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(
      /It is apr_2 now[\s\S]*arguments\.amount +900\.00 +950\.00[\s\S]*APPROVAL_STALE: it is another/,
    );
  });

  it('decides several at once, each on its own hash, and exits 6 if one was denied', async () => {
    for (const id of ['apr_1', 'apr_2'])
      gateway.answers.set(`GET /v1/approvals/${id}`, { status: 200, body: { approvalId: id, actionHash: `of ${id}` } });
    const refused = { approvalId: 'apr_2', status: 'refused', problem: problem('SELF_APPROVAL', 'your own') };
    const results = [{ approvalId: 'apr_1', status: 'recorded' }, refused];
    gateway.answers.set('POST /v1/approvals/decisions', { status: 200, body: { results } });
    const { code, out, err } = await run(['approvals', 'approve', 'apr_1', 'apr_2', '--reason', 'seen both']);
    expect(gateway.seen.at(-1)?.body).toEqual({
      ...{ decision: 'approve', reason: 'seen both' },
      items: ['apr_1', 'apr_2'].map((approvalId) => ({ approvalId, actionHash: `of ${approvalId}` })),
    });
    expect(out).toMatch(/apr_1 +recorded[\s\S]*apr_2 +refused +SELF_APPROVAL +your own/);
    expect({ code, err }).toEqual({ code: 6, err: expect.stringContaining('1 of 2 were refused.') });
  });

  it('claims an item, hands it on and gives it back', async () => {
    const claim = { by: 'carol', until: '2026-01-01T00:00:00.000Z', delegatedBy: 'bob', reason: 'hers' };
    const body = { approvalId: 'apr_1', status: 'open', tool: 'issue_refund', claim };
    for (const verb of ['claim', 'delegate'])
      gateway.answers.set(`POST /v1/approvals/apr_1/${verb}`, { status: 200, body });
    const handed = await run(['approvals', 'delegate', 'apr_1', '--to', 'carol', '--reason', 'hers', '--for', '60']);
    expect(handed.out).toMatch(/claimed by +carol until 2026-01-01T00:00:00\.000Z, from bob/);
    await run(['approvals', 'claim', 'apr_1']);
    await run(['approvals', 'claim', 'apr_1', '--release']);
    expect(gateway.seen.map((seen) => seen.body)).toEqual([
      { to: 'carol', reason: 'hers', leaseSeconds: 60 },
      {},
      { release: true },
    ]);
  });

  it.each([
    [403, 'SELF_APPROVAL', 6],
    [401, 'UNAUTHENTICATED', 6],
    [404, 'NOT_FOUND', 1],
    [501, 'NOT_BUILT', 1],
  ] as const)('answers %d %s with exit code %d and its next step', async (status, code, exit) => {
    gateway.answers.set('GET /v1/in-doubt', { status, body: { ...problem(code, 'because'), nextStep: 'do this' } });
    expect(await run(['in-doubt', 'list'])).toEqual({ code: exit, out: '', err: `${code}: because\nNext: do this\n` });
  });

  it('tells what is missing before it asks anybody, with exit code 2', async () => {
    expect(await run(['traces', 'list'], { COUNTERSIGN_TOKEN: '' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('--as alice'),
    });
    expect(await run(['approvals', 'approve', 'apr_1'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--reason'),
    });
    expect(await run(['intents', 'show', 'int_1', '--wait', 'x'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('seconds'),
    });
    expect(await run(['fly'])).toMatchObject({ code: 2 });
    expect(await run(['--help'])).toMatchObject({ code: 0, err: '' });
    expect(gateway.seen).toEqual([]);
  });

  it('names what does not answer', async () => {
    expect(await run(['parked', 'list'], { COUNTERSIGN_URL: 'http://127.0.0.1:1' })).toMatchObject({
      code: 1,
      err: expect.stringContaining('http://127.0.0.1:1 does not answer'),
    });
  });

  it.each([
    [2, '--name', ['https://example.com/mcp']],
    [2, 'is no name in kebab-case', ['--name', 'Team Files', 'https://example.com/mcp']],
    [2, 'is no URL', ['--name', 'files', 'https://example.com/mcp', 'more']],
    [2, 'names no variable', ['--name', 'files', '--env', 'no', '--', 'x']],
    [2, 'cannot be read', ['--name', 'files', '--token-file', '/nowhere/token', 'http://127.0.0.1:1/mcp']],
    [1, 'did not answer as one of MCP', ['--name', 'files', 'http://127.0.0.1:1/mcp']],
    [1, 'did not answer as one of MCP', ['--name', 'files', '--', process.execPath, '-e', '1']],
  ])('of a tool server: ends with %i and says "%s"', async (code, says, args) => {
    expect(await run(['tools', 'import-mcp', ...args])).toMatchObject({
      code,
      out: '',
      err: expect.stringContaining(says),
    });
  });

  it('opens what is sealed in a trace, and destroys the keys of a subject, with a reason each', async () => {
    const token = `tok_${'0a'.repeat(16)}`;
    const revealed = [{ token, value: 'Dana', where: [{ event: 'evt_1', type: 't', path: 'result.name' }] }];
    const answer = {
      intentId: 'int_1',
      eventId: 'evt_2',
      revealed,
      unopened: [{ token: 'tok_2', because: 'erased' }],
      left: 3,
    };
    gateway.answers.set('POST /v1/traces/int_1/reveals', { status: 200, body: answer });
    const shown = await run(['traces', 'reveal', 'int_1', '--reason', 'a dispute', '--path', 'result', '--path', 'to']);
    expect(shown).toMatchObject({ code: 0, err: expect.stringContaining('3 more') });
    for (const part of ['Dana', 'result.name', '(erased)', 'evt_2']) expect(shown.out).toContain(part);
    const erased = { subject: 'a/b', keys: 1, values: 4, eventId: 'evt_3' };
    gateway.answers.set('DELETE /v1/subjects/a%2Fb', { status: 200, body: erased });
    expect(JSON.parse((await run(['--json', 'subjects', 'erase', 'a/b', '--reason', 'asked to'])).out)).toEqual(erased);
    expect(gateway.seen.map(({ method, body }) => [method, body])).toEqual([
      ['POST', { reason: 'a dispute', paths: ['result', 'to'] }],
      ['DELETE', { reason: 'asked to' }],
    ]);
  });

  it('lists incidents with their clock, and writes the case of one into its package once', async () => {
    const times = { openedAt: '2026-03-01T10:00:00.000Z', dueAt: '2026-03-02T10:00:00.000Z' };
    const open = { id: 'inc_1', cause: 'opened', state: 'open', workflow: 'desk', intentId: 'int_1', ...times };
    gateway.answers.set('GET /v1/incidents', {
      status: 200,
      body: { data: [{ ...open, overdue: true }], nextCursor: null },
    });
    expect((await run(['incidents', 'list', '--overdue'])).out).toMatch(/inc_1 +opened +OVERDUE +desk +int_1/);
    const made = {
      workflow: 'desk',
      file: '../../elsewhere.yaml',
      text: 'cases: []\n',
      missing: ['no event tells it'],
    };
    gateway.answers.set('POST /v1/incidents/inc_1/capture', { status: 200, body: { ...open, ...made } });
    const folder = mkdtempSync(path.join(tmpdir(), 'countersign-case-'));
    const capture = (...more: string[]) => run(['incidents', 'capture', 'inc_1', '--into', folder, ...more]);
    const written = await capture('--expect', '{ effects: [] }');
    expect(written).toMatchObject({ code: 0, err: expect.stringContaining('no event tells it') });
    const file = path.join(folder, 'evals/incidents/inc_1.evals.yaml');
    expect(readFileSync(file, 'utf8')).toBe(made.text);
    writeFileSync(file, 'cases: [better]\n');
    expect(await capture()).toMatchObject({ code: 0, err: expect.stringContaining('as it stands') });
    expect(readFileSync(file, 'utf8')).toBe('cases: [better]\n');
    expect(await capture('--expect', '{}')).toMatchObject({
      code: 2,
      err: expect.stringContaining('is there already'),
    });
    expect(await run(['incidents', 'capture', '../x', '--into', folder])).toMatchObject({ code: 2 });
    rmSync(folder, { recursive: true });
    expect(gateway.seen.map(({ url, body }) => [url, body]).slice(0, 5)).toEqual([
      ['/v1/incidents?overdue=true', undefined],
      ['/v1/incidents/inc_1/capture', { expect: { effects: [] } }],
      ['/v1/incidents/inc_1/capture', { text: made.text }],
      ['/v1/incidents/inc_1/capture', {}],
      ['/v1/incidents/inc_1/capture', { text: 'cases: [better]\n' }],
    ]);
  });

  it('lists what is known of each doubt, and how a person finds out', async () => {
    const doubt = {
      ...{
        actionId: 'act_1',
        tool: 'pay',
        target: 'bank',
        arguments: { to: 'tok_1' },
        attempts: 3,
        known: 'no answer',
      },
      ...{ amount: { amount: '12.00', currency: 'EUR' }, since: '2026-03-01T10:00:00.000Z' },
      lookup: { asking: true, lastAskedAt: '2026-03-01T10:01:00.000Z', said: 'bank answered 503' },
      howToFindOut: 'Ask bank what it did under the idempotency key key_1.',
    };
    gateway.answers.set('GET /v1/in-doubt', { status: 200, body: { data: [doubt], nextCursor: null } });
    const { code, out } = await run(['in-doubt', 'list']);
    expect(code).toBe(0);
    for (const part of ['act_1', '{"to":"tok_1"}', '12.00 EUR', '3 ×', 'no answer', 'still (', 'bank answered 503'])
      expect(out).toContain(part);
    expect(out).toContain('act_1: Ask bank what it did under the idempotency key key_1.');
    expect(JSON.parse((await run(['--json', 'in-doubt', 'list'])).out)).toMatchObject({ data: [doubt] });
  });

  describe('in-doubt resolve', () => {
    const verdict = { id: 'evt_1', by: 'bob', outcome: 'committed', reason: 'it is there', at: 'now' };
    const taken = { actionId: 'act_1', tool: 'pay', state: 'said', verdict, nextStep: 'Wait.' };
    const doubt = { actionId: 'act_1', tool: 'pay', state: 'in-doubt' };
    const argv = ['in-doubt', 'resolve', 'act_1', '--reason', 'it is there'];
    const answers = (state: object) => {
      gateway.answers.set('POST /v1/in-doubt/act_1/resolve', { status: 202, body: taken });
      gateway.answers.set('GET /v1/actions/act_1', { status: 200, body: { ...doubt, ...state } });
    };

    it('says what became of it, and what is next', async () => {
      answers({});
      const { code, out } = await run([...argv, '--committed']);
      expect([code, out]).toEqual([0, expect.stringContaining('committed, says bob: it is there')]);
      expect(gateway.seen).toMatchObject([{ method: 'POST', body: { outcome: 'committed', reason: 'it is there' } }]);
      await run([...argv, '--failed']);
      expect(gateway.seen.at(-1)).toMatchObject({ body: { outcome: 'failed' } });
    });

    it.each([
      ['is resolved', { state: 'ended', resolved: { outcome: 'committed', by: 'person' } }, 0, '', 'by a person'],
      ['policy did not take it', { verdict: { refused: refusedBy('evt_1') } }, 6, 'UNAUTHENTICATED', 'in-doubt'],
      ['it is not resolved in time', { verdict: { refused: refusedBy('evt_0') } }, 4, 'not resolved yet', 'in-doubt'],
    ])('waits until it %s', async (_, state, code, err, out) => {
      answers(state);
      expect(await run([...argv, '--committed', '--wait', '0.01'])).toEqual({
        code,
        err: expect.stringContaining(err),
        out: expect.stringContaining(out),
      });
    });

    it('needs one outcome, and a reason', async () => {
      expect((await run(argv)).code).toBe(2);
      expect((await run([...argv, '--committed', '--failed'])).code).toBe(2);
      expect((await run(['in-doubt', 'resolve', 'act_1', '--committed'])).code).toBe(2);
      expect(gateway.seen).toEqual([]);
    });
  });

  it('trips a switch and says how fast, by whom it was heard and what is in doubt; exit 4 if not in time', async () => {
    const path = 'PUT /v1/control/kill/tool%2Fissue_refund';
    const change = { scope: 'kill/tool/issue_refund', killed: true, epoch: 7 };
    const heard = { inForce: true, tookMs: 640, applied: { acknowledged: 3, instances: 4 }, inDoubt: ['act_9'] };
    const argv = ['kill', 'on', '--scope', 'tool/issue_refund', '--reason', 'INC-42', '--wait=10'];
    gateway.answers.set(path, { status: 200, body: { ...change, ...heard } });
    const { code, out } = await run(argv);
    expect({ code, body: gateway.seen[0]?.body }).toEqual({
      code: 0,
      body: { killed: true, reason: 'INC-42', waitSeconds: 10 },
    });
    expect(out).toMatch(/in force +after 640 ms\ninstances +3 of 4 heard\nin doubt +act_9/);
    const late = problem('UPSTREAM_TIMEOUT', 'it is published', { applied: { acknowledged: 1, instances: 4 } });
    gateway.answers.set(path, { status: 504, body: late });
    expect(await run(argv)).toMatchObject({
      ...{ code: 4, out: '' },
      err: expect.stringMatching(/^NOT IN FORCE: it is published; 1 of 4 instances were heard\.\nNext: .*kill status/),
    });
  });

  it('says how to trip a switch without a gateway', async () => {
    const away = { COUNTERSIGN_URL: 'http://127.0.0.1:1', TOPIC_PREFIX: 'shop' };
    expect(await run(['kill', 'on', '--scope', '*', '--reason', 'INC-42'], away)).toMatchObject({
      code: 1,
      err: expect.stringContaining('topic shop.control.v1, key kill/*, value {"killed":true,"reason":"INC-42"}'),
    });
  });

  it('shows a trace, an explanation and what is parked to people', async () => {
    const record = {
      at: '2026-01-01T00:00:00.000Z',
      topic: 'decisions',
      partition: 1,
      offset: '7',
      type: 'countersign.action.approved.v1',
      signature: 'valid',
      says: 'policy granted commit',
    };
    const trace = {
      intentId: 'int_1',
      actor: 'alice',
      state: 'ended',
      outcome: 'answered',
      code: null,
      text: 'refund',
      actions: [],
      records: [record],
    };
    gateway.answers.set('GET /v1/traces/int_1', {
      status: 200,
      body: {
        ...trace,
        forged: [{ ...record, signature: 'invalid', because: 'no trusted key' }],
        through: [],
        duplicates: [],
        control: [],
        unreadable: [],
      },
    });
    const shown = await run(['traces', 'show', 'int_1']);
    expect(shown.out).toMatch(/action\.approved {2}\(decisions\/1@7\)\n {2}policy granted commit/);
    expect(shown.out).toMatch(/Forged\n.*\n.*invalid +no trusted key/);
    const explanation = {
      actionId: 'act_1',
      intentId: 'int_1',
      did: 'Committed.',
      read: 'order.',
      why: 'alice asked.',
      approvedBy: 'bob.',
      outcome: 'committed.',
      evidence: [record],
      asides: [record],
    };
    const missing = [{ oneOf: ['countersign.reply.sent.v1'], says: 'the reply', namedBy: 'evt_1' }];
    gateway.answers.set('GET /v1/actions/act_1/explanation', { status: 200, body: { ...explanation, missing } });
    expect((await run(['explain', 'act_1'])).out).toMatch(
      /approved by +bob\.[\s\S]*Missing: the reply \(reply\.sent\)/,
    );
    const parked = {
      id: 'policy:par_1',
      topic: 'intents',
      partition: 0,
      offset: '3',
      reason: 'NOT_JSON',
      detail: 'evil \u001b[2J\u0007',
      parkedAt: 'now',
      redrivenAt: null,
    };
    gateway.answers.set('GET /v1/parked', { status: 200, body: { data: [parked], nextCursor: null } });
    const { out } = await run(['parked', 'list']);
    expect(out).toContain('policy:par_1');
    expect(out).not.toMatch(/[\u0007\u001b]/);
  });

  it('exports the schema of every event', async () => {
    const { code, out } = await run(['schema', 'export']);
    const schemas = JSON.parse(out) as Record<string, { properties: object; 'x-topic': string }>;
    expect(code).toBe(0);
    expect(schemas['countersign.reply.sent.v1']).toMatchObject({
      'x-topic': 'countersign.replies.v1',
      properties: { text: { type: 'string' } },
      additionalProperties: false,
    });
  });

  it('follows topics: a line a record, unreadable ones too, and no token', async () => {
    const prefix = testTopicPrefix();
    const kafka = await PlainKafka.connect();
    try {
      await kafka.createTopics(prefix, 1);
      const intent = { workflow: 'support-desk', session: 's-1', text: 'hello there' };
      const headers = {
        ce_id: 'r-1',
        ce_source: '/x',
        ce_type: 'countersign.intent.requested.v1',
        authorization: 'Bearer very.secret.token',
      };
      await kafka.produce(
        topicName('intents', prefix),
        { key: 'acme/s-1', value: JSON.stringify(intent), headers },
        { key: 'acme/s-1', value: '{', headers },
      );
      const env = { KAFKA_BROKERS: engineUrl('kafka'), TOPIC_PREFIX: prefix };
      const { code, out } = await run(['tail', 'intents', '--from-beginning', '--count', '2'], env);
      expect(code).toBe(0);
      const [first, second] = out.trim().split('\n');
      expect(first).toMatch(/intents\/0@0 +intent\.requested +- {2}hello there/);
      expect(second).toMatch(/intents\/0@1 .*NOT_JSON/);
      const json = await run(['tail', 'intents', '--from-beginning', '--count', '2', '--json'], env);
      expect(
        json.out
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as { offset: string }).offset),
      ).toEqual(['0', '1']);
      expect(out + json.out).not.toContain('very.secret');
    } finally {
      await kafka.deleteTopics(prefix);
      await kafka.close();
    }
  });
});
