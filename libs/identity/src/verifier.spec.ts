import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { startProvider } from './test-provider.js';
import { bearerOf, createVerifier, type Verifier } from './verifier.js';

const T0 = Date.parse('2026-03-01T10:00:00Z');
const EXP = T0 / 1000 + 600;

let provider: Awaited<ReturnType<typeof startProvider>>;
let clock: number;
let verifier: Verifier;
beforeEach(async () => {
  provider = await startProvider();
  clock = T0;
  verifier = make({});
});
afterEach(() => provider.stop());

const make = (given: object) =>
  createVerifier({
    issuer: provider.issuer,
    audience: 'countersign',
    tenantClaim: 'tenant',
    rolesClaim: 'roles',
    clock: () => clock,
    ...given,
  });
const verify = async (claims: Record<string, unknown> = {}, instant = T0) =>
  verifier.verify(await provider.token({ exp: EXP, ...claims }), instant);
const alice = { sub: 'alice', tenant: 'acme', roles: ['clerk'] };

const nested = (levels: number): object => (levels === 0 ? {} : { act: nested(levels - 1) });

describe('a token', () => {
  it('of a person says who, of which tenant, with which roles, and who acts for them', async () => {
    expect(await verify({ act: { sub: 'agent-7' } })).toEqual({
      ok: true,
      person: { ...alice, act: { sub: 'agent-7' } },
      expiresAt: EXP * 1000,
    });
  });

  it('tells of who acts for a person what identifies them, and nothing else that it says of anybody', async () => {
    const act = {
      sub: 'agent-7',
      email: 'dana@example.com',
      act: { sub: 'agent-8', iss: 'https://x.test', name: 'Dana' },
    };
    expect(await verify({ act, email: 'dana@example.com' })).toMatchObject({
      person: { ...alice, act: { sub: 'agent-7', act: { sub: 'agent-8', iss: 'https://x.test' } } },
    });
    expect(JSON.stringify(await verify({ act }))).not.toMatch(/dana/i);
  });

  it.each<[string, Record<string, unknown>]>([
    ['of another audience', { aud: 'other' }],
    ['of another issuer', { iss: 'http://127.0.0.1:1' }],
    ['without an expiry', { exp: undefined }],
    ['of a service, by its client id', { sub: 'assistant', client_id: 'assistant' }],
    ['of a service, by its party', { sub: 'assistant', azp: 'assistant' }],
    ['of a service, by its grant type', { gty: 'client-credentials' }],
    ['of a service, by its type', { idtyp: 'app' }],
    ['of a service, by its user name', { preferred_username: 'service-account-x' }],
    ['without a subject', { sub: undefined }],
    ['with control characters in its subject', { sub: 'a\nb' }],
    ['without a tenant', { tenant: undefined }],
    ['of a tenant that would break a key', { tenant: 'acme/s' }],
    ['of the tenant kept for what nobody verified', { tenant: 'unverified' }],
    ['whose roles are no list', { roles: 'clerk' }],
    ['whose actor is no object', { act: 'x' }],
    ['whose actor is nested deeper than the events that would carry it can be read', { act: nested(17) }],
  ])('%s is refused (1, 5)', async (_, claims) => {
    expect(await verify(claims)).toMatchObject({ ok: false, code: 'UNAUTHENTICATED' });
  });

  it('without roles has none', async () => {
    expect(await verify({ roles: undefined })).toMatchObject({ ok: true, person: { roles: [] } });
  });

  it('is found by the claim names of the settings', async () => {
    verifier = make({ tenantClaim: 'https://x/org', rolesClaim: 'groups' });
    expect(await verify({ 'https://x/org': 'globex', groups: ['lead'] })).toMatchObject({
      ok: true,
      person: { tenant: 'globex', roles: ['lead'] },
    });
  });

  it.each([
    ['nothing', undefined],
    ['no JWT', 'abc'],
    ['too much', 'x'.repeat(8_193)],
    ['an unsigned JWT', `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`],
  ])('that is %s is refused', async (_, token) => {
    expect(await verifier.verify(token, T0)).toMatchObject({ ok: false, code: 'UNAUTHENTICATED' });
  });

  it('over 8 KiB is refused, whoever made it', async () => {
    expect(await verify({ padding: 'x'.repeat(8_192) })).toMatchObject({
      ok: false,
      because: 'the token is over 8 KiB',
    });
  });

  it('signed with a secret that everybody knows, the public key, is refused (1)', async () => {
    const forged = await new SignJWT({ ...alice, iss: provider.issuer, aud: 'countersign', exp: EXP })
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .sign(new TextEncoder().encode('x'.repeat(32)));
    expect(await verifier.verify(forged, T0)).toMatchObject({ ok: false, code: 'UNAUTHENTICATED' });
  });

  it('altered by one character is refused (1)', async () => {
    const [head, body, signature] = (await provider.token({ exp: EXP })).split('.');
    const claims = JSON.parse(Buffer.from(body!, 'base64url').toString()) as object;
    const altered = Buffer.from(JSON.stringify({ ...claims, sub: 'alicf' })).toString('base64url');
    expect(await verifier.verify(`${head}.${altered}.${signature}`, T0)).toMatchObject({ ok: false });
  });
});

describe('time', () => {
  it('is the instant given, for a token seen before too (2)', async () => {
    const token = await provider.token({ exp: EXP, nbf: T0 / 1000 });
    const at = async (instant: number) => (await verifier.verify(token, instant)).ok;
    expect(await at(T0 + 604_999)).toBe(true);
    expect(await at(T0 + 605_000)).toBe(false);
    expect(await at(T0 - 5_001)).toBe(false);
    expect(await at(T0 - 5_000)).toBe(true);
    const fresh = async (instant: number) => (await make({}).verify(token, instant)).ok;
    expect([await fresh(T0 + 604_999), await fresh(T0 + 605_000), await fresh(T0 - 6_000)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('the keys', () => {
  it('of a provider that cannot be reached make a token wait, never refuse it (3)', async () => {
    provider.setUp(false);
    expect(await verify()).toMatchObject({ ok: false, wait: true });
    provider.setUp(true);
    clock += 1_000;
    expect(await verify()).toMatchObject({ ok: true });
  });

  it('once known go on serving while the provider is away (3)', async () => {
    await verify();
    provider.setUp(false);
    expect(await verify({ sub: 'bob' })).toMatchObject({ ok: true });
  });

  it('are fetched again for a key id nobody knows, at most once in a while (3)', async () => {
    await verify();
    await provider.makeKey('k2');
    const token = await provider.token({ exp: EXP }, 'k2');
    clock += 1;
    expect(await verifier.verify(token, T0)).toMatchObject({ wait: true });
    expect(provider.fetches()).toBe(1);
    clock += 1_000;
    provider.publish('k1', 'k2');
    expect(await verifier.verify(token, T0 + 1_000)).toMatchObject({ ok: true });
    expect(provider.fetches()).toBe(2);
  });

  it('are not asked for on account of a token that names another issuer (6)', async () => {
    await verify();
    await provider.makeKey('k2');
    clock += 1_000;
    const foreign = await provider.token({ exp: EXP, iss: 'http://127.0.0.1:1' }, 'k2');
    expect(await verifier.verify(foreign, T0 + 1_000)).toMatchObject({ ok: false, code: 'UNAUTHENTICATED' });
    expect(provider.fetches()).toBe(1);
  });

  it('fetched after the token came refuse a key id they do not have (3)', async () => {
    await verify();
    await provider.makeKey('k2');
    const token = await provider.token({ exp: EXP }, 'k2');
    clock += 1_000;
    expect(await verifier.verify(token, T0 + 1_000)).toMatchObject({ ok: false, code: 'UNAUTHENTICATED' });
    clock += 6_000;
    await verifier.warm();
    clock += 1;
    const fetches = provider.fetches();
    expect(await verifier.verify(token, T0 + 1_000)).toMatchObject({ ok: false, code: 'UNAUTHENTICATED' });
    expect(provider.fetches()).toBe(fetches);
  });

  it('taken out take the verdicts with them that rested on them (4)', async () => {
    await provider.makeKey('k2');
    const token = await provider.token({ exp: EXP });
    expect(await verifier.verify(token, T0)).toMatchObject({ ok: true });
    provider.publish('k2');
    clock += 6_000;
    await verifier.warm();
    expect(await verifier.verify(token, T0)).toMatchObject({ ok: false, code: 'UNAUTHENTICATED' });
  });

  it('of a provider that calls itself otherwise are not used', async () => {
    verifier = make({ issuer: `${provider.issuer}/` });
    expect(await verify()).toMatchObject({ wait: true, because: expect.stringContaining('it calls itself') });
  });

  it('are asked for over https alone, loopback excepted', async () => {
    verifier = make({ issuer: 'http://issuer.example' });
    expect(await verify()).toMatchObject({ wait: true, because: expect.stringContaining('must be asked over https') });
  });
});

it.each([
  ['Bearer a.b.c', 'a.b.c'],
  ['bearer  a.b.c ', 'a.b.c'],
  ['Basic abc', undefined],
  ['Bearer a b', undefined],
  [undefined, undefined],
])('the header %s carries the token %s', (header, token) => {
  expect(bearerOf(header)).toBe(token);
});

describe('without patience', () => {
  const impatient = (token: string) => verifier.verify(token, clock, { patience: false });

  it('a key nobody knows is asked for meanwhile, and others are judged at once (3)', async () => {
    await verify();
    await provider.makeKey('k2');
    provider.publish('k1', 'k2');
    clock += 60_000;
    const fetched = provider.fetches();
    const token = await provider.token({ exp: EXP }, 'k2');
    const first = impatient(token);
    expect(await impatient(await provider.token({ exp: EXP, sub: 'amy' }))).toMatchObject({ ok: true });
    expect(await first).toMatchObject({ ok: false, wait: true, unknownKey: true });
    await verifier.warm(); // the fetch under way, if it still is
    expect(provider.fetches()).toBe(fetched + 1);
    expect(await impatient(token)).toMatchObject({ ok: true });
  });

  it('a provider none of whose keys is known makes everybody wait alike (3)', async () => {
    provider.setUp(false);
    const verdict = await impatient(await provider.token({ exp: EXP }));
    expect(verdict).toMatchObject({ ok: false, wait: true });
    expect(verdict).not.toHaveProperty('unknownKey');
  });
});
