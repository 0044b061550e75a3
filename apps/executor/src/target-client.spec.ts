import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inTrace } from '@countersign/messaging';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { Circuit } from './circuits.js';
import { Credentials } from './credentials.js';
import { Target, type Errand } from './target-client.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

describe('a target over HTTP', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'target-'));
  const seen: IncomingMessage[] = [];
  let answer: Answer = () => {};
  let server: Server;
  let target: Target;
  let circuit: Circuit;
  let url: string;
  const errand = (change: Partial<Errand> = {}): Errand => ({
    tenant: 'acme',
    actor: 'alice',
    timeoutMs: 2_000,
    signal: new AbortController().signal,
    ...change,
  });
  const post = { method: 'POST', path: '/v1/refunds', body: { amount: '1.00' } } as const;
  const ask = (with_: Answer, change: Partial<Errand> = {}) => {
    answer = with_;
    return target.clientFor(errand(change)).request(post);
  };
  const json =
    (status: number, body: unknown): Answer =>
    (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };

  beforeAll(async () => {
    mkdirSync(path.join(dir, 'helpdesk'));
    writeFileSync(path.join(dir, 'helpdesk', 'acme.token'), 'the-secret-token');
    server = createServer((request, response) => {
      seen.push(request);
      answer(request, response);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    circuit = new Circuit('helpdesk', () => {});
    target = new Target({ name: 'helpdesk', url, concurrency: 24, circuit, credentials: new Credentials(dir) });
  });
  afterEach(() => target.close());
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    rmSync(dir, { recursive: true });
  });

  it('is told who acts, under which key and until when; a tool cannot say otherwise', async () => {
    answer = json(201, { ok: true });
    const client = target.clientFor(
      errand({ idempotencyKey: 'key_1', notAfter: 1_700_000_000_000, isLate: () => false }),
    );
    const headers = { authorization: 'Bearer of-the-tool', 'idempotency-key': 'of-the-tool', 'if-match': '7' };
    expect(await client.request({ ...post, headers })).toEqual({ status: 201, body: { ok: true } });
    expect(seen.at(-1)?.headers).toMatchObject({
      authorization: 'Bearer the-secret-token',
      'countersign-actor': 'alice',
      'countersign-not-after': '1700000000000',
      'idempotency-key': 'key_1',
      'if-match': '7',
      'content-type': 'application/json',
    });
  });

  describe('in a trace', () => {
    const TRACE = 'a'.repeat(32);
    const within = () => inTrace(`00-${TRACE}-${'b'.repeat(16)}-01`, () => ask(json(404, { code: 'NOT_FOUND' })));
    afterEach(() => trace.disable());

    it('is told where it is asked from; without an SDK, where the work stands', async () => {
      await within();
      expect(seen.at(-1)?.headers['traceparent']).toBe(`00-${TRACE}-${'b'.repeat(16)}-01`);
      await ask(json(200, {}));
      expect(seen.at(-1)?.headers).not.toHaveProperty('traceparent');
    });

    it('has a span of each request, of which path and body are not told', async () => {
      const exporter = new InMemorySpanExporter();
      trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
      await within();
      const [span] = exporter.getFinishedSpans();
      expect(span).toMatchObject({ name: 'POST', parentSpanContext: { traceId: TRACE }, status: { code: 2 } });
      expect(span!.attributes).toEqual({
        'http.request.method': 'POST',
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(url).port),
        'http.response.status_code': 404,
        'error.type': '404',
      });
      expect(seen.at(-1)?.headers['traceparent']).toBe(`00-${TRACE}-${span!.spanContext().spanId}-01`);
    });
  });

  it.each([200, 201, 400, 401, 403, 404, 422])('takes %d for an answer', async (status) => {
    expect(await ask(json(status, { code: 'X' }))).toEqual({ status, body: { code: 'X' } });
  });

  it.each([302, 408, 409, 425, 429, 500, 502, 503, 504])('takes %d for not knowing', async (status) => {
    await expect(ask(json(status, {}))).rejects.toMatchObject({ name: 'NoAnswer', status });
  });

  it('takes 412 for proof that nothing was done', async () => {
    await expect(ask(json(412, { code: 'TOO_LATE' }))).rejects.toMatchObject({ name: 'NothingDone' });
  });

  it.each([412, 503])('passes on the status and code of a %d, never its words', async (status) => {
    const body = { code: 'TOO_LATE', detail: 'Dana Doe, dana@example.org' };
    const error = (await ask(json(status, body)).catch((caught: unknown) => caught)) as { detail: string };
    expect(error.detail).toContain(`${status} (TOO_LATE)`);
    expect(error.detail).not.toContain('Dana');
    const other = (await ask(json(status, { code: 'Dana Doe' })).catch((caught: unknown) => caught)) as Error;
    expect(other.message).not.toContain('Dana');
  });

  it.each<[string, Answer]>([
    ['a number no double can hold', (_, response) => response.writeHead(200).end('{"total":1e999}')],
    ['a hundred levels', (_, response) => response.writeHead(200).end('['.repeat(100) + ']'.repeat(100))],
    ['a broken connection', (request) => request.socket.destroy()],
    ['a success that is no JSON', (_, response) => response.writeHead(200).end('<html>')],
    ['more than a megabyte', (_, response) => response.writeHead(200).end(Buffer.alloc(1024 * 1024 + 1, 'a'))],
  ])('takes %s for not knowing', async (_, broken) => {
    await expect(ask(broken)).rejects.toMatchObject({ name: 'NoAnswer' });
  });

  it('takes silence for not knowing once its time is over, and an answer that drips as well', async () => {
    await expect(ask(() => {}, { timeoutMs: 50 })).rejects.toMatchObject({ name: 'NoAnswer', detail: /in 50 ms/ });
    const drip: Answer = (_, response) => {
      const timer = setInterval(() => response.write(' '), 10);
      response.writeHead(200).on('close', () => clearInterval(timer));
    };
    await expect(ask(drip, { timeoutMs: 80 })).rejects.toMatchObject({ name: 'NoAnswer' });
  });

  it('is not asked once the moment has passed', async () => {
    const before = seen.length;
    await expect(ask(json(201, {}), { isLate: () => true })).rejects.toMatchObject({ name: 'NothingDone' });
    expect(seen).toHaveLength(before);
  });

  it('is left alone once its circuit is open: nothing is sent, and that is known', async () => {
    for (let time = 0; time < 10; time++) await ask(json(503, {})).catch(() => {});
    const before = seen.length;
    expect(circuit.state).toBe('open');
    await expect(ask(json(201, {}))).rejects.toMatchObject({ name: 'NothingDone' });
    const get = target.clientFor(errand()).request({ method: 'GET', path: '/v1/orders' });
    await expect(get).rejects.toMatchObject({ name: 'NoAnswer' });
    expect(seen).toHaveLength(before);
  });

  it('proves nothing by a second write that is not sent: the first one was', async () => {
    let isLate = false;
    const client = target.clientFor(errand({ isLate: () => isLate }));
    answer = json(201, {});
    await client.request(post);
    isLate = true;
    await expect(client.request(post)).rejects.toMatchObject({ name: 'NoAnswer' });
  });

  it('is not asked for what nobody waits for any more', async () => {
    const before = seen.length;
    await expect(ask(json(201, {}), { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'NoAnswer' });
    expect(seen).toHaveLength(before);
  });

  it('is not asked without a credential, and an error never shows one', async () => {
    const before = seen.length;
    await expect(ask(json(201, {}), { tenant: 'globex' })).rejects.toMatchObject({ name: 'ToolRefusal' });
    expect(seen).toHaveLength(before);
    const error = await ask((request) => request.socket.destroy()).catch((caught: unknown) => caught);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('the-secret-token');
  });
});
