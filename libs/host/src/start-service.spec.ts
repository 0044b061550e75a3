import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { BadRequestException, Body, Controller, Get, Inject, Module, Post } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import {
  createMessaging,
  currentTraceparent,
  FakeBroker,
  FakeStore,
  KAFKA_BATCH,
  Messaging,
  silentLog,
  type Batch,
  type Ingester,
} from '@countersign/messaging';
import { startProvider } from '@countersign/identity/test-provider';
import { createLogger, LOGGER } from './logger.js';
import { HttpProblem } from './problem.js';
import { startService, type RunningService } from './start-service.js';

const broker = new FakeBroker();
let reachable = true;
class Store extends FakeStore {
  override ping() {
    return reachable ? super.ping() : Promise.reject(new Error('ECONNREFUSED'));
  }
}
const failing: Ingester = { name: 'reader', topics: ['intents'], ingest: () => Promise.resolve() };
const messaging = createMessaging({
  ...{
    service: 'x',
    instance: 'x-1',
    databaseUrl: '',
    kafka: { brokers: [], ssl: false },
    topicPrefix: 'p',
    parkingKey: Buffer.alloc(32),
  },
  ...{
    log: silentLog,
    onFatal: () => {},
    encode: () => ({}) as never,
    subscriptions: [failing],
    workers: [],
    ports: { broker, store: new Store() },
  },
});

@Controller()
class Inbox {
  constructor(@Inject(Messaging) private readonly messaging: Messaging) {}
  @EventPattern<string>('intents', KAFKA_BATCH)
  intents(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }
}

@Controller('v1/things')
class Things {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}
  @Get('refused')
  refused(): never {
    throw new HttpProblem('RATE_LIMITED', 'too many', { retryAfter: 3 }, { 'retry-after': '3' });
  }
  @Get('broken')
  broken(): never {
    this.logger.debug({}, 'about to break');
    throw new Error('the connection string is postgres://user:secret@host');
  }
  @Get('slow')
  slow(): never {
    throw Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });
  }
  @Get('bad')
  bad(): never {
    throw new BadRequestException('limit is a number');
  }
  @Get(':name/place')
  place(): object {
    return { place: currentTraceparent() ?? null };
  }
  @Post('place')
  placeOfBody(@Body() _body: object): object {
    return { place: currentTraceparent() ?? null };
  }
  @Post()
  add(@Body() body: object) {
    return body;
  }
}

@Module({ controllers: [Inbox, Things] })
class AppModule {}

describe('a service', () => {
  let service: RunningService;
  let provider: Awaited<ReturnType<typeof startProvider>>;
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(service.url + path, init);
    const text = await response.text();
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      headers: response.headers,
      text,
      json: () => JSON.parse(text) as Record<string, unknown>,
    };
  };
  beforeAll(async () => {
    const logger = createLogger('x', { LOG_LEVEL: 'silent' });
    provider = await startProvider();
    const oidc = { OIDC_AUDIENCE: 'countersign', OIDC_TENANT_CLAIM: 'tenant', OIDC_ROLES_CLAIM: 'roles' };
    service = await startService({
      name: 'x',
      config: { HOST: '127.0.0.1', PORT: 0, OIDC_ISSUER: provider.issuer, ...oidc },
      logger,
      messaging,
      module: AppModule,
    });
  });
  afterAll(async () => {
    await service.stop();
    await provider.stop();
  });

  const bearer = async (role: string) => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const token = await provider.token({ sub: 'someone', tenant: 'acme', roles: [role], exp });
    return { headers: { authorization: `Bearer ${token}` } };
  };

  it('says that it is alive, and ready only while it makes progress', async () => {
    expect((await get('/healthz')).json()).toEqual({ alive: true });
    expect((await get('/readyz')).json()).toMatchObject({ ready: true, because: [], lag: 0 });
    reachable = false;
    const away = await get('/readyz');
    reachable = true;
    expect([away.status, away.json()['because']]).toEqual([503, ['the database does not answer: ECONNREFUSED']]);
  });

  it('shows its metrics', async () => {
    const { text, type } = await get('/metrics');
    expect(type).toContain('text/plain');
    expect(text).toContain('countersign_records_handled_total');
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('answers refusals as problems with a code and a next step', async () => {
    const { status, type, headers, json } = await get('/v1/things/refused');
    expect([status, type, headers.get('retry-after')]).toEqual([429, 'application/problem+json; charset=utf-8', '3']);
    expect(json()).toEqual({
      type: 'urn:countersign:problem:RATE_LIMITED',
      title: 'rate limited',
      status: 429,
      code: 'RATE_LIMITED',
      detail: 'too many',
      nextStep: 'Wait until the time given, then ask again.',
      retryAfter: 3,
    });
  });

  it('says of what took the store too long that too much was asked', async () => {
    const { status, json } = await get('/v1/things/slow');
    expect({ status, ...json() }).toMatchObject({ status: 503, code: 'LIMIT_EXCEEDED' });
    expect(json()['nextStep']).toContain('Ask for less');
  });

  it('says nothing of the inside when it fails', async () => {
    const { status, text } = await get('/v1/things/broken');
    expect(status).toBe(500);
    expect(text).not.toContain('secret');
  });

  describe('in a trace', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const body = { method: 'POST', headers: { traceparent, 'content-type': 'application/json' }, body: '{"a":1}' };
    afterEach(() => trace.disable());

    it('does a request where it says that it stands, if nobody makes spans', async () => {
      expect((await get('/v1/things/zora/place', { headers: { traceparent } })).json()).toEqual({ place: traceparent });
      expect((await get('/v1/things/place', body)).json()).toEqual({ place: traceparent });
      expect((await get('/v1/things/zora/place')).json()).toEqual({ place: null });
    });

    it('has a span of each request, by its route and never by its path, and does what it asks within it', async () => {
      const exporter = new InMemorySpanExporter();
      trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
      const places = [
        (await get('/v1/things/zora/place?text=zora', { headers: { traceparent } })).json(),
        (await get('/v1/things/place', body)).json(),
      ];
      await Promise.all([get('/v1/things/broken'), get('/healthz')]);
      const spans = exporter.getFinishedSpans();
      expect(spans.map(({ name, attributes, status }) => [name, attributes, status.code])).toEqual([
        ['GET /v1/things/:name/place', attributesOf('GET', '/v1/things/:name/place', 200), 0],
        ['POST /v1/things/place', attributesOf('POST', '/v1/things/place', 200 + 1), 0],
        ['GET /v1/things/broken', { ...attributesOf('GET', '/v1/things/broken', 500), 'error.type': '500' }, 2],
      ]);
      expect(places).toEqual(
        spans.slice(0, 2).map((span) => ({ place: `00-${'a'.repeat(32)}-${span.spanContext().spanId}-01` })),
      );
    });

    const attributesOf = (method: string, route: string, status: number) => ({
      'http.request.method': method,
      'http.route': route,
      'http.response.status_code': status,
    });
  });

  it('answers errors of the framework as problems too', async () => {
    expect((await get('/v1/things/bad')).json()).toMatchObject({
      status: 400,
      code: 'INVALID_ARGUMENTS',
      detail: 'limit is a number',
    });
    expect((await get('/nowhere')).json()).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    const broken = await get('/v1/things', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{',
    });
    expect(broken.json()).toMatchObject({ status: 400, code: 'INVALID_ARGUMENTS' });
    const large = await get('/v1/things', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify('x'.repeat(2_000_000)),
    });
    expect(large.json()).toMatchObject({ status: 413, code: 'INVALID_ARGUMENTS' });
  });

  it('lists what is parked, page by page, and redrives it', async () => {
    const sam = await bearer('sre');
    expect((await get('/v1/parked', sam)).json()).toEqual({ data: [], nextCursor: null });
    expect((await get('/v1/parked?limit=0', sam)).json()).toMatchObject({ status: 422 });
    expect((await get('/v1/parked/par_none', sam)).json()).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    expect((await get('/v1/parked/par_none/redrive', { method: 'POST', ...sam })).json()).toMatchObject({
      status: 404,
    });
  });

  it('shows what is parked to operators alone, on its own port too', async () => {
    const alice = await bearer('support-agent');
    for (const [path, method] of [
      ['/v1/parked', 'GET'],
      ['/v1/parked/par_none', 'GET'],
      ['/v1/parked/par_none/redrive', 'POST'],
    ] as const) {
      expect((await get(path, { method })).json()).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
      expect((await get(path, { method, ...alice })).json()).toMatchObject({ status: 403, code: 'PERMISSION_DENIED' });
    }
  });
});
