import Fastify, {
  LogController,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Pool } from 'pg';
import { AccessLog } from './access-log.js';
import { BEFORE_A_LIMIT_MS, Faults, garbled, type Garbage } from './faults.js';
import { fixtureRoutes, fixtureTenantOf } from './fixtures.js';
import { invalid, Refused } from './refused.js';
import { readRoutes, type RecordSeen } from './reads.js';
import { testSurface } from './test-surface.js';
import type { TenantOf } from './tokens.js';
import { writeRoutes, type Asked } from './writes.js';

declare module 'fastify' {
  interface FastifyRequest {
    tenant: string;
    startedAt: Date;
    /** What the access log says this request touched; a route that knows better than its path sets it. */
    record?: string;
    records: RecordSeen[];
    /** Leave to touch restricted records, as the caller says; whoever holds a tenant's credential answers for it. */
    mayTouchRestricted: boolean;
    replayed: boolean;
    /** Of the ordered latency, what its answer is held for. */
    owedMs: number;
    garbage?: Garbage | undefined;
  }
}

export interface HelpdeskOptions {
  pool: Pool;
  tenantOf: TenantOf;
  /** The secret of whoever makes tenants for evals; without it nobody does. */
  fixtures?: string | undefined;
  logLevel: string;
}

/** The system of record: /v1 for its tenants, the rest for probes and tests. */
export function buildServer({ pool, tenantOf, fixtures, logLevel }: HelpdeskOptions): FastifyInstance {
  const app = Fastify({
    logger: { level: logLevel, name: 'helpdesk' },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 256 * 1024,
  });
  const faults = new Faults();
  const accessLog = new AccessLog(pool, (error) =>
    app.log.error({ err: error }, 'access log not stored, will try again'),
  );
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ code: 'NOT_FOUND', detail: `There is no route ${request.method} ${request.url}.` }),
  );
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    await pool.query('select 1');
    return { status: 'ready' };
  });
  testSurface(app, pool, faults, accessLog);
  if (fixtures) fixtureRoutes(app, pool, fixtures);
  app.register(async (v1) => {
    const known = (token: string) => (fixtures && fixtureTenantOf(fixtures, token)) || tenantOf(token);
    governAccess(v1, known, faults, accessLog);
    readRoutes(v1, pool);
    writeRoutes(v1, pool, (request, reply) => dropAnswer(request, reply, faults, accessLog));
  });
  app.addHook('onClose', async () => {
    await accessLog.flush();
  });
  return app;
}

function governAccess(v1: FastifyInstance, tenantOf: TenantOf, faults: Faults, accessLog: AccessLog): void {
  v1.decorateRequest('tenant', '');
  v1.decorateRequest('record', undefined);
  v1.decorateRequest('records');
  v1.decorateRequest('mayTouchRestricted', false);
  v1.decorateRequest('replayed', false);
  v1.decorateRequest('owedMs', 0);
  v1.decorateRequest('garbage', undefined);
  v1.addHook('onRequest', async (request) => {
    request.startedAt = new Date();
    request.records = [];
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const tenant = token && tenantOf(token);
    if (!tenant) throw new Refused(401, 'UNAUTHENTICATED', 'Send the bearer token of a tenant.');
    request.tenant = tenant;
    request.mayTouchRestricted = request.headers['countersign-restricted'] === 'allowed';
  });
  v1.addHook('preHandler', async (request, reply) => {
    request.record = recordNamed(request);
    const hasLimit = request.headers['countersign-not-after'] !== undefined;
    request.owedMs = await faults.hold(hasLimit ? BEFORE_A_LIMIT_MS : Infinity);
    const status = faults.status();
    if (status) throw new Refused(status, 'FAULT', 'A fault was ordered; nothing was done.');
    request.garbage = faults.garbage();
    if (request.garbage?.before) return reply.send({});
    return undefined;
  });
  v1.addHook('onSend', async (request, reply, payload) => {
    await faults.wait(request.owedMs);
    accessLog.add(accessOf(request, reply.statusCode));
    if (!request.garbage || typeof payload !== 'string') return payload;
    if (request.garbage.form === 'phrase') reply.raw.statusMessage = 'Teapot Assumed Unwell';
    return garbled(payload, request.garbage);
  });
}

/** The effect stands and the client never hears of it, as when a connection breaks. */
function dropAnswer(request: Asked, reply: FastifyReply, faults: Faults, accessLog: AccessLog): boolean {
  if (!faults.dropsThisAnswer()) return false;
  accessLog.add({ ...accessOf(request), dropped: true });
  reply.hijack();
  request.raw.socket.destroy();
  return true;
}

function recordNamed(request: FastifyRequest): string | undefined {
  const { id } = (request.params ?? {}) as { id?: string };
  const { orderId, customerId } = (request.body ?? {}) as { orderId?: unknown; customerId?: unknown };
  return [id, orderId, customerId].find((value) => typeof value === 'string') as string | undefined;
}

function accessOf(request: Asked, status?: number) {
  const header = (name: string) => request.headers[name] as string | undefined;
  return {
    at: request.startedAt,
    tenant: request.tenant || undefined,
    method: request.method,
    path: request.url,
    record: request.record,
    records: request.records,
    status,
    dropped: false,
    replayed: request.replayed,
    idempotencyKey: header('idempotency-key'),
    actor: header('countersign-actor'),
  };
}

function answerError(error: FastifyError | Refused, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Refused) return reply.code(error.status).send({ code: error.code, detail: error.message });
  if (error.statusCode && error.statusCode < 500) {
    const refused = invalid(error.message);
    return reply.code(error.statusCode).send({ code: refused.code, detail: refused.message });
  }
  request.log.error({ err: error, path: request.url }, 'request failed');
  return reply
    .code(503)
    .send({ code: 'UNAVAILABLE', detail: 'The database did not answer; the outcome is not known.' });
}
