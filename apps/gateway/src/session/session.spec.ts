import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { createVerifier } from '@countersign/identity';
import { PlainBrowser } from './browser.spec-support.js';
import { SignInProvider } from './provider.js';
import { BentProvider } from './provider.spec-support.js';
import { registerSession } from './register-session.js';
import { seal, unseal } from './seal.js';
import { Sessions } from './sessions.js';

const HOUR = 3_600_000;
let provider: BentProvider;
let instance: FastifyInstance;
let browser: PlainBrowser;
let key: Buffer;
let now: number;
let told: unknown[];

/** Routes as those of the API, that say who they were asked by. */
function registerApi(api: FastifyInstance) {
  const answer = async ({ headers }: { headers: Record<string, unknown> }) => ({
    bearer:
      typeof headers['authorization'] === 'string' ? provider.given.indexOf(headers['authorization'].slice(7)) : null,
    sees: Object.keys(headers).filter((name) => ['cookie', 'x-csrf-token'].includes(name)),
  });
  for (const path of ['/v1/things', '/v1/things/:id', '/mcp', '/access/v1/evaluation']) {
    api.get(path, answer);
    api.post(path, answer);
  }
}

async function open(publicUrl?: string): Promise<FastifyInstance> {
  const made = Fastify();
  const { issuer } = provider;
  const signIn = new SignInProvider({
    issuer,
    clientId: 'countersign-console',
    clientSecret: undefined,
    scope: 'openid',
  });
  const verifier = createVerifier({ issuer, audience: 'countersign', tenantClaim: 'tenant', rolesClaim: 'roles' });
  const sessions = new Sessions({ key, verifier, provider: signIn, now: () => now });
  const logger = { warn: (...what: unknown[]) => void told.push(what) };
  registerSession(made, { sessions, provider: signIn, publicUrl, logger });
  registerApi(made);
  await made.listen({ port: 0, host: '127.0.0.1' });
  return made;
}

const originOf = (of: FastifyInstance) => `http://127.0.0.1:${(of.server.address() as AddressInfo).port}`;

beforeEach(async () => {
  provider = await BentProvider.open();
  key = randomBytes(32);
  now = Date.now();
  provider.now = () => now;
  told = [];
  instance = await open();
  browser = new PlainBrowser(originOf(instance));
});
afterEach(async () => {
  await instance.close();
  await provider.close();
});

const csrfOf = async () => (await browser.visit('/auth/session')).body['csrfToken'] as string;
const post = (headers: Record<string, string>) => browser.visit('/v1/things', { method: 'POST', headers });

describe('signing in', () => {
  it('leads through the provider back to where one was, and the session says who one is', async () => {
    expect(await browser.signIn('/traces?q=refund')).toMatchObject({ status: 302, location: '/traces?q=refund' });
    expect((await browser.visit('/auth/session')).body).toEqual({
      person: { sub: 'bob', tenant: 'acme', roles: ['support-lead'] },
      csrfToken: expect.stringMatching(/^[\w-]{32}$/),
      expiresAt: new Date(Math.floor(now / 1000) * 1000 + HOUR).toISOString(),
    });
  });

  it('asks the provider for a code with PKCE, state and nonce, for the console, back to this origin', async () => {
    const { location } = await browser.visit('/auth/login');
    const asked = new URL(location!);
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      client_id: 'countersign-console',
      response_type: 'code',
      redirect_uri: `${browser.origin}/auth/callback`,
      scope: 'openid',
      state: expect.any(String),
      nonce: expect.any(String),
      code_challenge: expect.any(String),
      code_challenge_method: 'S256',
    });
  });

  it('puts the session into a cookie that scripts cannot read and other sites do not send along', async () => {
    const { setCookies } = await browser.signIn();
    const [line] = setCookies.filter((each) => each.startsWith('countersign-session'));
    expect(line).toMatch(/; Max-Age=3\d{3}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect([...browser.cookies.keys()]).toEqual([`countersign-session-${new URL(browser.origin).port}`]);
  });

  it('is under a name that other hosts cannot set, and over TLS only, where the gateway is public', async () => {
    const ended = (kind: 'session' | 'sign-in') => Sessions.end(kind, 'https://countersign.example')[0];
    expect(ended('session')).toBe('__Host-countersign-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure');
    expect(ended('sign-in')).toMatch(/^__Secure-countersign-sign-in=.*; Secure$/);
    const made = await open('https://countersign.example/');
    const { location } = await new PlainBrowser(originOf(made)).visit('/auth/login');
    expect(new URL(location!).searchParams.get('redirect_uri')).toBe('https://countersign.example/auth/callback');
    await made.close();
  });

  it('is not to be had under a name of the gateway that nobody told it', async () => {
    const { statusCode, body } = await instance.inject({ url: '/auth/login', headers: { host: 'evil.example' } });
    expect([statusCode, body]).toEqual([403, expect.stringContaining('PUBLIC_URL')]);
  });

  it('says that the provider is away, and finds it once it is back', async () => {
    await provider.close();
    expect(await browser.visit('/auth/login')).toMatchObject({ status: 302, location: '/?signIn=unreachable' });
    expect(told).toHaveLength(1);
  });
});

describe('who ends a sign-in (4)', () => {
  const back = async () => {
    const begun = await browser.visit('/auth/login');
    return (await fetch(begun.location!, { redirect: 'manual' })).headers.get('location')!;
  };
  const nobody = async () => expect((await browser.visit('/auth/session')).status).toBe(401);

  it('is the browser that began it, and no other', async () => {
    const other = new PlainBrowser(browser.origin);
    expect((await other.visit(await back())).location).toBe('/?signIn=expired');
    expect((await other.visit('/auth/session')).status).toBe(401);
  });

  it.each([
    ['another state', (url: URL) => url.searchParams.set('state', 'another')],
    ['no state', (url: URL) => url.searchParams.delete('state')],
    ['another code', (url: URL) => url.searchParams.set('code', 'another')],
    ['an error of the provider', (url: URL) => url.searchParams.set('error', 'access_denied')],
  ])('comes back with %s: nobody is signed in', async (_, bend) => {
    const url = new URL(await back());
    bend(url);
    expect((await browser.visit(url.href)).location).toBe('/?signIn=failed');
    await nobody();
  });

  it('comes back twice with one code: the second time there is nothing to end', async () => {
    const url = await back();
    expect((await browser.visit(url)).location).toBe('/');
    expect((await browser.visit(url)).location).toBe('/?signIn=expired');
  });

  it('comes back later than ten minutes: it has expired', async () => {
    const url = await back();
    now += 11 * 60_000;
    expect((await browser.visit(url)).location).toBe('/?signIn=expired');
    await nobody();
  });

  it.each([
    ['another nonce', { nonce: 'another' }],
    ['another audience', { aud: 'another-client' }],
    ['another issuer', { iss: 'http://127.0.0.1:1' }],
    ['no time left', { exp: 1 }],
  ])('gets an ID token with %s: nobody is signed in', async (_, idClaims) => {
    provider.idClaims = idClaims;
    expect((await browser.signIn()).location).toBe('/?signIn=failed');
    await nobody();
  });
});

describe('where one is sent (5)', () => {
  it.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example/',
    '/\t/evil.example',
    '/a\\b',
    '/..//evil.example',
    '/.//evil.example',
    'javascript:alert(1)',
    '/auth/login',
    '/auth/logout?x',
    '',
  ])('not to %j', async (returnTo) => {
    const { location } = await browser.signIn(returnTo);
    expect(location === '/' || new URL(location!, browser.origin).origin === browser.origin).toBe(true);
    expect(location).not.toContain('evil');
    expect(location).not.toMatch(/^\/auth|^\/[/\\]/);
  });

  it('takes no path that is very long', async () => {
    expect((await browser.signIn(`/${'a'.repeat(3_000)}`)).location).toBe('/');
  });

  it('keeps the query and the fragment of a path of its own', async () => {
    expect((await browser.signIn('/kill?x=1#top')).location).toBe('/kill?x=1#top');
  });
});

describe('the token (1)', () => {
  it('is in no answer, and reaches the API in the place of the cookie', async () => {
    provider.givesRefreshTokens = true;
    await browser.signIn();
    const csrf = await csrfOf();
    expect((await browser.visit('/v1/things')).body).toEqual({ bearer: 0, sees: [] });
    const same = { 'x-csrf-token': csrf, 'sec-fetch-site': 'same-origin' };
    expect((await post(same)).body).toEqual({ bearer: 0, sees: [] });
    await browser.visit('/auth/logout', { method: 'POST', headers: same });
    expect(provider.given).toHaveLength(2);
    const all = [...browser.heard, JSON.stringify(told)].join('\n');
    for (const token of provider.given) for (const part of token.split('.')) expect(all).not.toContain(part);
  });

  it('goes into several cookies where it is long, and out of all of them', async () => {
    provider.person = { ...provider.person, padding: 'x'.repeat(5_000) };
    await browser.signIn();
    expect(browser.cookies.size).toBe(3);
    for (const value of browser.cookies.values()) expect(value.length).toBeLessThan(3_700);
    expect((await browser.visit('/v1/things')).body).toMatchObject({ bearer: 0 });
    await browser.visit('/auth/logout', {
      method: 'POST',
      headers: { 'x-csrf-token': await csrfOf(), 'sec-fetch-site': 'same-origin' },
    });
    expect(browser.cookies.size).toBe(0);
  });
});

describe('a cookie (2)', () => {
  const alone = { headers: {} };

  it('vouches for /v1 and for nothing else', async () => {
    await browser.signIn();
    expect((await browser.visit('/v1/things/1')).body).toMatchObject({ bearer: 0 });
    for (const path of ['/mcp', '/access/v1/evaluation'])
      expect((await browser.visit(path)).body).toEqual({ bearer: null, sees: [] });
  });

  it('does not count where the request brings a token of its own', async () => {
    await browser.signIn();
    const own = { authorization: 'Bearer own' };
    expect((await post(own)).body).toEqual({ bearer: -1, sees: [] });
  });

  it.each([
    ['forged', () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA'],
    ['no cookie of ours', () => 'garbage'],
    ['altered', (value: string) => `${value.slice(0, -2)}AA`],
    ['empty', () => ''],
  ])('that is %s is nobody', async (_, bend) => {
    await browser.signIn();
    for (const [name, value] of browser.cookies) browser.cookies.set(name, bend(value));
    expect((await browser.visit('/v1/things', alone)).body).toEqual({ bearer: null, sees: [] });
    expect((await browser.visit('/auth/session')).status).toBe(401);
  });

  it('of another key is nobody; of the same key any instance knows it', async () => {
    await browser.signIn();
    const second = await open();
    const name = `countersign-session-${new URL(originOf(second)).port}`;
    const cookie = `${name}=${[...browser.cookies.values()][0]}`;
    const ask = () => second.inject({ url: '/v1/things', headers: { cookie, host: new URL(originOf(second)).host } });
    expect((await ask()).json()).toMatchObject({ bearer: 0 });
    await second.close();
    key = randomBytes(32);
    const third = await open();
    const other = `countersign-session-${new URL(originOf(third)).port}=${[...browser.cookies.values()][0]}`;
    const answer = await third.inject({
      url: '/v1/things',
      headers: { cookie: other, host: new URL(originOf(third)).host },
    });
    expect(answer.json()).toMatchObject({ bearer: null });
    await third.close();
  });

  it('of a sign-in is no session', async () => {
    await browser.visit('/auth/login');
    const port = new URL(browser.origin).port;
    browser.cookies.set(`countersign-session-${port}`, browser.cookies.get(`countersign-sign-in-${port}`)!);
    expect((await browser.visit('/v1/things')).body).toMatchObject({ bearer: null });
    const sealed = await seal(key, 'sign-in', { token: 'x' }, now + HOUR);
    expect(await unseal(key, 'session', sealed, now)).toBeUndefined();
    expect(await unseal(key, 'sign-in', sealed, now)).toEqual({ token: 'x' });
  });
});

describe('what another site makes a browser ask (3)', () => {
  beforeEach(() => browser.signIn());
  const refused = { status: 403, body: { code: 'PERMISSION_DENIED', nextStep: expect.any(String) } };

  it('is refused without the CSRF token, with another, and with that of another session', async () => {
    const site = { 'sec-fetch-site': 'same-origin' };
    expect(await post(site)).toMatchObject(refused);
    expect(await post({ ...site, 'x-csrf-token': '' })).toMatchObject(refused);
    expect(await post({ ...site, 'x-csrf-token': 'x'.repeat(32) })).toMatchObject(refused);
    const other = new PlainBrowser(browser.origin);
    await other.signIn();
    const theirs = (await other.visit('/auth/session')).body['csrfToken'] as string;
    expect(await post({ ...site, 'x-csrf-token': theirs })).toMatchObject(refused);
    expect(await post({ ...site, 'x-csrf-token': await csrfOf() })).toMatchObject({ status: 200 });
  });

  it.each([
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['from a sibling', { 'sec-fetch-site': 'same-site' }],
    ['typed in', { 'sec-fetch-site': 'none' }],
    ['of another origin, by a browser that says no more', { origin: 'https://evil.example' }],
    ['of another port', { origin: 'http://127.0.0.1:1' }],
    ['of a sandbox', { origin: 'null' }],
    ['of a client that says nothing', {}],
  ])('a change %s is refused, even with the CSRF token', async (_, headers) => {
    expect(await post({ ...headers, 'x-csrf-token': await csrfOf() })).toMatchObject(refused);
  });

  it('a change from the own origin is taken from browsers that say only that', async () => {
    expect(await post({ origin: browser.origin, 'x-csrf-token': await csrfOf() })).toMatchObject({ status: 200 });
  });

  it.each([
    ['cross-site', 403],
    ['same-site', 403],
    ['same-origin', 200],
    ['none', 200],
  ])('a look that is %s is answered %i', async (site, status) => {
    const headers = { 'sec-fetch-site': site };
    expect((await browser.visit('/v1/things', { headers })).status).toBe(status);
    expect((await browser.visit('/auth/session', { headers })).status).toBe(status);
  });

  it('does not sign anybody out', async () => {
    const out = (headers: Record<string, string>) => browser.visit('/auth/logout', { method: 'POST', headers });
    expect(await out({ 'sec-fetch-site': 'cross-site', 'x-csrf-token': await csrfOf() })).toMatchObject(refused);
    expect(await out({ 'sec-fetch-site': 'same-origin' })).toMatchObject(refused);
    expect((await browser.visit('/auth/session')).status).toBe(200);
  });
});

describe('a session (6)', () => {
  it.each([
    ['a service account', { sub: 'assistant', tenant: 'acme', roles: [], gty: 'client_credentials' }],
    ['somebody without a tenant', { sub: 'bob', roles: [] }],
    ['a token for somebody else', { sub: 'bob', tenant: 'acme', roles: [], aud: 'another-api' }],
  ])('is not for %s', async (_, person) => {
    provider.person = person;
    expect((await browser.signIn()).location).toBe('/?signIn=no-person');
    expect((await browser.visit('/auth/session')).status).toBe(401);
  });

  it('ends with the token', async () => {
    await browser.signIn();
    now += HOUR - 10_000;
    expect((await browser.visit('/v1/things')).body).toMatchObject({ bearer: 0 });
    now += 10_000;
    expect((await browser.visit('/v1/things')).body).toMatchObject({ bearer: null });
    expect((await browser.visit('/auth/session')).status).toBe(401);
  });

  it('is renewed once for all who ask at a time, and for all who ask late with the old cookie', async () => {
    provider.givesRefreshTokens = true;
    await browser.signIn();
    now += HOUR - 60_000;
    const before = new Map(browser.cookies);
    const late = new PlainBrowser(browser.origin);
    const answers = await Promise.all(Array.from({ length: 5 }, () => browser.visit('/v1/things')));
    for (const { body } of answers) expect(body).toMatchObject({ bearer: 2 });
    before.forEach((value, name) => late.cookies.set(name, value));
    expect((await late.visit('/v1/things')).body).toMatchObject({ bearer: 2 });
    expect(provider.refreshes).toBe(1);
    expect((await browser.visit('/v1/things')).setCookies).toEqual([]);
  });

  it('keeps its CSRF token over that, and ends after twelve hours whatever the provider would renew', async () => {
    provider.givesRefreshTokens = true;
    await browser.signIn();
    const csrf = await csrfOf();
    for (let hour = 1; hour < 12; hour++) {
      now += HOUR;
      expect((await browser.visit('/v1/things')).status).toBe(200);
    }
    expect(await csrfOf()).toBe(csrf);
    now += HOUR;
    expect((await browser.visit('/auth/session')).status).toBe(401);
  });

  it('ends after twelve hours, however long the token would be good', async () => {
    provider.ttlSeconds = 20 * 3_600;
    await browser.signIn();
    now += 12 * HOUR - 1_000;
    expect((await browser.visit('/v1/things')).body).toMatchObject({ bearer: 0 });
    now += 2_000;
    expect((await browser.visit('/v1/things')).body).toMatchObject({ bearer: null });
  });

  it('that the provider renews no more lasts as long as its token, no longer', async () => {
    provider.givesRefreshTokens = true;
    await browser.signIn();
    provider.refreshes = null;
    now += HOUR - 30_000;
    expect((await browser.visit('/v1/things')).body).toMatchObject({ bearer: 0 });
    now += 30_000;
    expect((await browser.visit('/v1/things')).body).toMatchObject({ bearer: null });
  });

  it('ends when one signs out, and the provider hears of it', async () => {
    await browser.signIn();
    const headers = { 'x-csrf-token': await csrfOf(), 'sec-fetch-site': 'same-origin' };
    const { body } = await browser.visit('/auth/logout', { method: 'POST', headers });
    const back = new URLSearchParams({
      post_logout_redirect_uri: `${browser.origin}/`,
      client_id: 'countersign-console',
    });
    expect(body).toEqual({ next: `${provider.issuer}/bye?${back}` });
    expect(browser.cookies.size).toBe(0);
    expect((await browser.visit('/auth/session')).status).toBe(401);
  });
});
