import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Round, WorkOutcome, WorkRow } from '@countersign/messaging';
import { Webhook } from 'standardwebhooks';
import { webhookWorker } from './webhook-worker.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const body = {
  type: 'approval.opened',
  timestamp: '2026-03-01T10:00:00.000Z',
  data: { approvalId: 'apr_1', tool: 'ü' },
};

describe('a webhook', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; headers?: Record<string, string> };
  const seen: { headers: IncomingHttpHeaders; text: string }[] = [];

  beforeEach(async () => {
    seen.length = 0;
    answer = { status: 204 };
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      seen.push({ headers: request.headers, text: Buffer.concat(chunks).toString('utf8') });
      response.writeHead(answer.status, { connection: 'close', ...answer.headers }).end('thanks');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  });
  afterEach(() => {
    server.close();
  });

  /** What becomes of one row; `age`: how many seconds ago it was written down. */
  async function delivered({ attempts = 1, age = 0 } = {}): Promise<WorkOutcome<object>> {
    const finished: WorkOutcome<object>[] = [];
    const now = new Date();
    const createdAt = new Date(now.getTime() - age * 1000);
    const round = {
      signal: new AbortController().signal,
      finish: async (_: WorkRow, end: unknown) => void finished.push(end as never),
    };
    const row = {
      id: 'whk_1',
      kind: 'webhook',
      target: 'webhook',
      tenant: 'acme',
      body,
      attempts,
      createdAt,
      fence: 1,
      status: 'QUEUED',
    };
    await webhookWorker({ url, secret: SECRET }, () => now).perform([row as WorkRow], round as unknown as Round);
    return finished[0]!;
  }
  const waits = (end: WorkOutcome<object>) => end.tag === 'retry' && end.inMs / 1000;

  it('is signed as the library reads it, under its one id', async () => {
    expect(await delivered()).toMatchObject({ tag: 'done', status: 'DELIVERED' });
    const [{ headers, text }] = seen as [(typeof seen)[0]];
    expect(new Webhook(SECRET).verify(text, headers as Record<string, string>)).toEqual(body);
    expect(headers).toMatchObject({ 'webhook-id': 'whk_1', 'content-type': 'application/json' });
    const altered = {
      'a body': [text.replace('apr_1', 'apr_2'), headers],
      'an id': [text, { ...headers, 'webhook-id': 'whk_2' }],
    };
    for (const [given, of] of Object.values(altered) as [string, Record<string, string>][])
      expect(() => new Webhook(SECRET).verify(given, of)).toThrow(/No matching signature/);
    const another = new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`);
    expect(() => another.verify(text, headers as Record<string, string>)).toThrow(/No matching signature/);
  });

  it('whose receiver is away comes when it is back, later each time, and for no longer than a day', async () => {
    const back = url;
    url = 'http://127.0.0.1:1/hook';
    expect(waits(await delivered())).toBe(5);
    expect(waits(await delivered({ attempts: 4, age: 35 }))).toBe(40);
    expect(waits(await delivered({ attempts: 60, age: 80_000 }))).toBe(3600);
    expect(await delivered({ attempts: 60, age: 86_400 })).toMatchObject({ tag: 'done', status: 'UNDELIVERED' });
    url = back;
    expect(await delivered({ attempts: 5, age: 80 })).toMatchObject({ status: 'DELIVERED' });
    expect(seen.map(({ headers }) => headers['webhook-id'])).toEqual(['whk_1']);
  });

  it.each([301, 307, 400, 404, 429, 500])('answered %d comes again, and goes nowhere else', async (status) => {
    answer = { status, headers: { location: url.replace('/hook', '/elsewhere') } };
    expect(await delivered()).toMatchObject({ tag: 'retry', because: `it answered ${status}` });
    expect(seen).toHaveLength(1);
  });

  it('answered 410 comes no more', async () => {
    answer = { status: 410 };
    expect(await delivered()).toMatchObject({ tag: 'done', status: 'GONE' });
  });
});
