import { randomUUID } from 'node:crypto';
import { testDatabase, type TestDatabase } from '@countersign/testing';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import { migrate, openPool } from './database.js';
import { buildServer } from './server.js';
import { tenantsByToken } from './tokens.js';

/** Of whoever makes tenants for evals. */
export const FIXTURES = 'a-secret-of-the-evals-1';
const tokens = { acme: 'a-token-of-acme-0001', globex: 'a-token-of-globex-01' };
export type Headers = Record<string, string>;
type Tenant = keyof typeof tokens;
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Body = any;

/** A helpdesk on a database of its own, spoken to over HTTP as a tenant would. */
export class TestDesk {
  pool: pg.Pool;
  url: string;
  private app: FastifyInstance;

  private constructor(private readonly database: TestDatabase) {}

  static async open(): Promise<TestDesk> {
    const desk = new TestDesk(await testDatabase());
    await desk.start();
    return desk;
  }

  async start(keyLifetimeMs = 86_400_000): Promise<void> {
    this.pool = openPool({ url: this.database.url, size: 16, keyLifetimeMs, onError: () => undefined });
    await migrate(this.pool);
    this.app = buildServer({
      ...{ pool: this.pool, tenantOf: tenantsByToken(tokens), logLevel: 'silent' },
      fixtures: FIXTURES,
    });
    this.url = await this.app.listen({ host: '127.0.0.1', port: 0 });
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.pool.end();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.database.drop();
  }

  /** The answer as it came. */
  async raw(method: string, path: string, body: object, headers: Headers) {
    const sent = { authorization: `Bearer ${tokens.acme}`, 'content-type': 'application/json', ...headers };
    const response = await fetch(this.url + path, { method, headers: sent, body: JSON.stringify(body) });
    return { status: response.status, statusText: response.statusText, text: await response.text() };
  }

  async call(method: string, path: string, body?: object, headers: Headers = {}, tenant: Tenant = 'acme') {
    const sent = {
      authorization: `Bearer ${tokens[tenant]}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...headers,
    };
    const response = await fetch(this.url + path, {
      method,
      headers: sent,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return {
      status: response.status,
      body: (await response.json()) as Body,
      replayed: response.headers.get('idempotency-replayed'),
    };
  }

  pay = (body: object, key: string = randomUUID(), headers: Headers = {}) =>
    this.call('POST', '/v1/refunds', body, keyed(key, headers));

  faults = (settings: object) =>
    fetch(`${this.url}/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(settings),
    });

  async lines(path: string): Promise<Body[]> {
    const text = await (await fetch(this.url + path)).text();
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  effectsOf = async (key: string) =>
    (await this.lines('/ledger')).filter(({ idempotencyKey }) => idempotencyKey === key);
  orderOf = async (id: string) => (await this.call('GET', `/v1/orders/${id}`)).body;
}

export const keyed = (key: string = randomUUID(), headers: Headers = {}): Headers => ({
  'idempotency-key': key,
  ...headers,
});
export const refund = (orderId: string, amount = '18.00', extra: object = {}) => ({
  orderId,
  amount,
  currency: 'EUR',
  reason: 'broken',
  ...extra,
});
