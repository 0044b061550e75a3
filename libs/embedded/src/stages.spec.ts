import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { StartFailed } from './errors.js';
import { publishStages } from './stages.js';

/** What the gateway and the embedded identity provider say over HTTP, as far as a start asks them. */
describe('the stages of a start', () => {
  const workflows = [{ name: 'support-desk' }, { name: 'billing-desk' }];
  let stages: { workflow: string; tenant: string | null; stage: string }[];
  let put: string[];
  let status: number;
  let server: Server;
  let url: string;

  const answer = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const { method = '', url: path = '' } = request;
    const body = await text(request);
    if (path === '/token') return [200, { access_token: new URLSearchParams(body).get('username') }];
    if (request.headers.authorization !== 'Bearer ruth') return [401, { code: 'UNAUTHENTICATED' }];
    if (path === '/v1/workflows') return [200, { data: workflows, nextCursor: null }];
    if (path === '/v1/control') return [200, { switches: [], stages }];
    put.push(`${method} ${path} ${(JSON.parse(body) as { stage: string }).stage}`);
    return [status, {}];
  };

  beforeEach(async () => {
    [stages, put, status] = [[], [], 200];
    server = createServer((request, response) => {
      void answer(request).then(([code, body]) => response.writeHead(code).end(JSON.stringify(body)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const publish = () => publishStages({ gateway: url, identity: url });

  it("are scoped, in ruth's name, where nobody ever said otherwise", async () => {
    expect(await publish()).toEqual(['support-desk', 'billing-desk']);
    expect(put.sort()).toEqual([
      'PUT /v1/control/stage/billing-desk scoped',
      'PUT /v1/control/stage/support-desk scoped',
    ]);
  });

  it('stay as they were set: a demotion outlives a restart', async () => {
    stages = [{ workflow: 'support-desk', tenant: null, stage: 'read-only' }];
    expect(await publish()).toEqual(['billing-desk']);
    stages = workflows.map(({ name }) => ({ workflow: name, tenant: null, stage: 'draft-only' }));
    expect(await publish()).toEqual([]);
  });

  it('of one tenant say nothing of the others', async () => {
    stages = [{ workflow: 'support-desk', tenant: 'globex', stage: 'draft-only' }];
    expect(await publish()).toEqual(['support-desk', 'billing-desk']);
  });

  it('that do not come into force in time fail the start, and say what was answered', async () => {
    status = 504;
    await expect(publish()).rejects.toThrow(StartFailed);
    await expect(publish()).rejects.toThrow(/PUT \/v1\/control\/stage\/\S+ answered 504/);
  });
});
