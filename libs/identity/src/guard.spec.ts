import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Caller, IdentityGuard, RequireRole, VERIFIER, type CallerIdentity } from './guard.js';
import { startProvider } from './test-provider.js';
import { createVerifier } from './verifier.js';

@UseGuards(IdentityGuard)
@Controller('who')
class WhoController {
  @Get()
  who(@Caller() { person, token }: CallerIdentity) {
    return { person, token };
  }

  @RequireRole('sre', 'admin')
  @Get('sre')
  sre(@Caller() { person }: CallerIdentity) {
    return person.sub;
  }
}

let provider: Awaited<ReturnType<typeof startProvider>>;
let app: NestFastifyApplication;
const far = 4_000_000_000;
beforeAll(async () => {
  provider = await startProvider();
  const verifier = createVerifier({
    issuer: provider.issuer,
    audience: 'countersign',
    tenantClaim: 'tenant',
    rolesClaim: 'roles',
    cooldownMs: 0,
  });
  @Module({ controllers: [WhoController], providers: [{ provide: VERIFIER, useValue: verifier }] })
  class AppModule {}
  app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false });
  await app.init();
});
afterAll(async () => {
  await app.close();
  await provider.stop();
});

const get = (url: string, token?: string) =>
  app.inject({ url, headers: token ? { authorization: `Bearer ${token}` } : {} });

it('while the provider cannot be reached, callers are asked to wait', async () => {
  provider.setUp(false);
  const answer = await get('/who', await provider.token({ exp: far }));
  expect([answer.statusCode, answer.json()]).toEqual([503, expect.objectContaining({ code: 'UPSTREAM_TIMEOUT' })]);
  provider.setUp(true);
});

it('a caller without a token is told so', async () => {
  const answer = await get('/who');
  expect([answer.statusCode, answer.json()]).toEqual([
    401,
    expect.objectContaining({ code: 'UNAUTHENTICATED', nextStep: expect.any(String) }),
  ]);
});

it('a verified caller is handed to the handler', async () => {
  const token = await provider.token({ exp: far });
  const answer = await get('/who', token);
  expect([answer.statusCode, answer.json()]).toEqual([
    200,
    { person: { sub: 'alice', tenant: 'acme', roles: ['clerk'] }, token },
  ]);
});

it('a role that a route asks for is needed', async () => {
  const denied = await get('/who/sre', await provider.token({ exp: far }));
  expect([denied.statusCode, denied.json()]).toEqual([403, expect.objectContaining({ code: 'PERMISSION_DENIED' })]);
  const allowed = await get('/who/sre', await provider.token({ exp: far, sub: 'sam', roles: ['sre'] }));
  expect([allowed.statusCode, allowed.body]).toEqual([200, 'sam']);
});
