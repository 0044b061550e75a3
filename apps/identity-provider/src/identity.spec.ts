import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { readConfig } from './config.js';
import { loadKeys } from './keys.js';
import { buildProvider, DEV_LOGIN } from './provider.js';
import { buildServer } from './server.js';

let dir: string;
let issuer: string;
let stop: () => Promise<void>;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function start(port: number): Promise<void> {
  const config = readConfig({ PORT: String(port), IDENTITY_DATA_DIR: dir });
  const server = buildServer(buildProvider(config, loadKeys(config.IDENTITY_DATA_DIR)));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  issuer = config.OIDC_ISSUER;
  stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'identity-'));
  await start(await freePort());
});
afterEach(async () => {
  await stop();
  rmSync(dir, { recursive: true });
});

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Answer = any;
async function token(fields: Record<string, string>): Promise<{ status: number; body: Answer }> {
  const response = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(fields) });
  return { status: response.status, body: await response.json() };
}
const devLogin = (username: string, more: Record<string, string> = {}) =>
  token({ grant_type: DEV_LOGIN, client_id: 'countersign-cli', username, ...more });

/** As the product does: the keys come from discovery, over HTTP. */
async function verified(jwt: string) {
  const { jwks_uri } = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as {
    jwks_uri: string;
  };
  return jwtVerify(jwt, createRemoteJWKSet(new URL(jwks_uri)), {
    issuer,
    audience: 'countersign',
    algorithms: ['RS256'],
  });
}

describe('tokens of people', () => {
  it.each([
    ['alice', 'acme', 'support-agent'],
    ['bob', 'acme', 'support-lead'],
    ['sam', 'acme', 'sre'],
    ['ruth', 'acme', 'release'],
    ['audra', 'acme', 'auditor'],
    ['adam', 'acme', 'admin'],
    ['erin', 'globex', 'support-agent'],
    ['gil', 'globex', 'support-lead'],
  ])('%s of %s is %s', async (sub, tenant, role) => {
    const { body } = await devLogin(sub);
    const { payload, protectedHeader } = await verified(body.access_token);
    expect(payload).toMatchObject({ sub, tenant, roles: [role], client_id: 'countersign-cli' });
    expect(payload.exp! - payload.iat!).toBe(3600);
    expect(payload).not.toHaveProperty('gty');
    expect(protectedHeader.typ).toBe('at+jwt');
  });

  it('last as long as was asked for, within a day', async () => {
    const { payload } = await verified((await devLogin('alice', { ttl: '5' })).body.access_token);
    expect(payload.exp! - payload.iat!).toBe(5);
    for (const ttl of ['0', '-1', '86401', 'x']) expect((await devLogin('alice', { ttl })).status).toBe(400);
  });

  it('are given to nobody unknown, and to no other client', async () => {
    expect(await devLogin('mallory')).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(await devLogin('assistant')).toMatchObject({ status: 400 });
    expect(await token({ grant_type: DEV_LOGIN, client_id: 'countersign-console', username: 'alice' })).toMatchObject({
      status: 400,
    });
  });

  it('outlive the provider: the same keys after a restart, readable to their owner only', async () => {
    const { body } = await devLogin('alice');
    await stop();
    await start(Number(new URL(issuer).port));
    await expect(verified(body.access_token)).resolves.toBeDefined();
    expect(statSync(join(dir, 'identity-keys.json')).mode & 0o077).toBe(0);
  });
});

describe('the service account', () => {
  const login = (secret: string) =>
    token({ grant_type: 'client_credentials', client_id: 'assistant', client_secret: secret });

  it('gets a token that shows there is no person', async () => {
    const { payload } = await verified((await login('assistant-dev-secret')).body.access_token);
    expect(payload).toMatchObject({
      sub: 'assistant',
      client_id: 'assistant',
      gty: 'client_credentials',
      tenant: 'acme',
    });
  });

  it('needs its secret', async () => {
    expect(await login('another')).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });
});

describe('signing in with a browser', () => {
  const redirect = 'http://127.0.0.1:54321/callback';
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');

  /** A browser that follows nothing by itself and keeps cookies. */
  function browser() {
    const cookies = new Map<string, string>();
    return async (url: string, form?: Record<string, string>) => {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const sent = {
        redirect: 'manual' as const,
        headers: { cookie },
        ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
      };
      const response = await fetch(new URL(url, issuer), sent);
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
        cookies.set(name!, value!);
      }
      return { status: response.status, location: response.headers.get('location') ?? '', text: await response.text() };
    };
  }

  const authorize = (more: Record<string, string> = {}) =>
    `/auth?${new URLSearchParams({
      client_id: 'countersign-console',
      response_type: 'code',
      scope: 'openid',
      redirect_uri: redirect,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      state: 's',
      ...more,
    })}`;

  it('gives a code for the person picked, and the code a token of theirs', async () => {
    const visit = browser();
    const page = (await visit(authorize())).location;
    expect((await visit(page)).text).toContain('Who are you?');
    const resume = await visit(page, { username: 'carol' });
    const back = new URL((await visit(resume.location)).location);
    expect(back.href.startsWith(redirect)).toBe(true);
    const code = back.searchParams.get('code')!;
    const grant = { grant_type: 'authorization_code', client_id: 'countersign-console', redirect_uri: redirect, code };
    expect((await token({ ...grant, code_verifier: randomBytes(32).toString('base64url') })).status).toBe(400);
    const { body } = await token({ ...grant, code_verifier: verifier });
    const { payload } = await verified(body.access_token);
    expect(payload).toMatchObject({ sub: 'carol', tenant: 'acme', roles: ['support-lead'] });
  });

  it('asks anew who it is once somebody has signed out, and leads back to the console', async () => {
    const visit = browser();
    const signedIn = async () =>
      (await visit((await visit((await visit(authorize())).location, { username: 'carol' })).location)).location;
    expect(await signedIn()).toContain('code=');
    expect((await visit(authorize())).location).toContain('code=');
    const back = { client_id: 'countersign-console', post_logout_redirect_uri: 'http://127.0.0.1:54321/' };
    const { text } = await visit(`/session/end?${new URLSearchParams(back)}`);
    expect(text).toContain('Sign out?');
    const xsrf = /name="xsrf" value="(\w+)"/.exec(text)![1]!;
    expect((await visit('/session/end/confirm', { xsrf, logout: 'yes' })).location).toBe('http://127.0.0.1:54321/');
    expect((await visit(authorize())).location).toContain('/interaction/');
  });

  it('sends nobody to a place that is not on this machine', async () => {
    const visit = browser();
    const { status, location } = await visit(authorize({ redirect_uri: 'https://evil.example/callback' }));
    expect([status, location]).toEqual([400, '']);
  });

  it('refuses a person it does not know', async () => {
    const visit = browser();
    const page = (await visit(authorize())).location;
    expect((await visit(page, { username: 'mallory' })).status).toBe(422);
  });
});

describe('settings', () => {
  it('names everything that is wrong', () => {
    expect(() => readConfig({ PORT: 'x', OIDC_ISSUER: 'nowhere' })).toThrow(/PORT[^]*OIDC_ISSUER/);
  });
});
