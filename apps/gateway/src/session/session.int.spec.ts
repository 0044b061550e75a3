import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { World } from '../world.spec-support.js';
import { seal } from './seal.js';

let world: World;
let cookie: string;
const CSRF = 'of-the-session';

/** A session as a sign-in leaves it in the browser: sealed with the gateway's key, under the name of its port. */
async function signedIn(): Promise<string> {
  const key = readFileSync(path.join(world.keys.dir, 'session.key'));
  const until = Date.now() + 3_600_000;
  const session = { token: await world.token('bob'), expiresAt: until, until, csrf: CSRF };
  return `countersign-session-${new URL(world.url).port}=${await seal(key, 'session', session, until)}`;
}

beforeAll(async () => {
  world = await World.open();
  cookie = await signedIn();
});
afterAll(() => world.close());

const ask = (method: string, to: string, headers: Record<string, string> = {}, body?: unknown) =>
  world.ask(undefined, method, to, body, { cookie, ...headers });

describe('the session of a browser, at the real gateway', () => {
  it('is a caller like any other to its own routes', async () => {
    expect((await ask('GET', '/auth/session')).body).toMatchObject({ person: { sub: 'bob' }, csrfToken: CSRF });
    expect((await ask('GET', '/v1/workflows')).status).toBe(200);
    expect((await ask('GET', '/v1/pipeline')).status).toBe(403);
    const intent = { workflow: 'support-desk', session: 's-1', text: 'Where is my order?' };
    const send = (headers: Record<string, string>) =>
      ask(
        'POST',
        '/v1/intents',
        { 'idempotency-key': 'k-session', 'sec-fetch-site': 'same-origin', ...headers },
        intent,
      );
    expect(await send({})).toMatchObject({ status: 403, body: { code: 'PERMISSION_DENIED' } });
    expect((await send({ 'x-csrf-token': CSRF })).status).toBe(202);
  });

  it('is a bearer token to the service behind, and the cookie stays here', async () => {
    world.peer.answers['GET /v1/approvals'] = { status: 200, body: { data: [], nextCursor: null } };
    expect((await ask('GET', '/v1/approvals')).status).toBe(200);
    const asked = world.peer.asked.at(-1)!;
    expect(asked.authorization).toMatch(/^Bearer ey/);
    expect(asked.headers).not.toHaveProperty('cookie');
    expect(asked.headers).not.toHaveProperty('x-csrf-token');
  });

  it('is nobody under another name, and nobody is signed in without it', async () => {
    expect((await ask('GET', '/v1/workflows', { cookie: cookie.replace('=', '-x=') })).status).toBe(401);
    expect(await ask('GET', '/auth/session', { cookie: '' })).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHENTICATED' },
    });
  });
});
