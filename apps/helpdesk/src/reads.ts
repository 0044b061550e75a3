import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { Refused } from './refused.js';

type ById = { Params: { id: string } };

const RECORDS = [
  { path: '/v1/orders/:id', kind: 'order', sql: 'select order_json(r) from orders r where tenant = $1 and id = $2' },
  {
    path: '/v1/customers/:id',
    kind: 'customer',
    sql: 'select customer_json(r) from customers r where tenant = $1 and id = $2',
  },
  {
    path: '/v1/subscriptions/:id',
    kind: 'subscription',
    sql: 'select subscription_json(r) from subscriptions r where tenant = $1 and id = $2',
  },
  {
    path: '/v1/members/:id',
    kind: 'member',
    sql: 'select member_json(r) from members r where tenant = $1 and sub = $2',
  },
  {
    path: '/v1/tickets/:id',
    kind: 'ticket',
    sql: 'select ticket_json(r) from tickets r where tenant = $1 and id = $2',
  },
  {
    path: '/v1/refunds/:id',
    kind: 'refund',
    sql: 'select refund_json(r) from refunds r where tenant = $1 and id = $2',
  },
];

const CUSTOMER = 'select 1 from customers where tenant = $1 and id = $2';
const LISTS = [
  {
    path: '/v1/customers/:id/orders',
    of: 'customer',
    owner: CUSTOMER,
    record: 'order',
    table: 'orders',
    by: 'customer_id',
  },
  {
    path: '/v1/customers/:id/subscriptions',
    of: 'customer',
    owner: CUSTOMER,
    record: 'subscription',
    table: 'subscriptions',
    by: 'customer_id',
  },
  {
    path: '/v1/customers/:id/entitlements',
    of: 'customer',
    owner: CUSTOMER,
    record: 'entitlement',
    table: 'entitlements',
    by: 'customer_id',
  },
  {
    path: '/v1/orders/:id/refunds',
    of: 'order',
    owner: 'select 1 from orders where tenant = $1 and id = $2',
    record: 'refund',
    table: 'refunds',
    by: 'order_id',
  },
];

const notFound = (kind: string, id: string) => new Refused(404, 'NOT_FOUND', `There is no ${kind} ${id}.`);

/** One record, or the records of one: always of the caller's tenant, so another's is simply not there. */
export function readRoutes(app: FastifyInstance, pool: Pool): void {
  for (const { path, kind, sql } of RECORDS) {
    app.get<ById>(path, async ({ tenant, params: { id } }) => {
      const { rows } = await pool.query<[unknown]>({ name: path, text: sql, values: [tenant, id], rowMode: 'array' });
      if (!rows[0]) throw notFound(kind, id);
      return rows[0][0];
    });
  }
  for (const list of LISTS) {
    const records = `select ${list.record}_json(r) as record from ${list.table} r where tenant = $1 and ${list.by} = $2 order by id limit 200`;
    const text = `select exists (${list.owner}) as known, (select coalesce(jsonb_agg(record), '[]') from (${records}) as found) as data`;
    app.get<ById>(list.path, async ({ tenant, params: { id } }) => {
      const { rows } = await pool.query({ name: list.path, text, values: [tenant, id] });
      if (!rows[0].known) throw notFound(list.of, id);
      return { data: rows[0].data };
    });
  }
  idempotencyRoute(app, pool);
}

/** What a key did. No answer under a key proves that nothing was done with it. */
function idempotencyRoute(app: FastifyInstance, pool: Pool): void {
  const text = `select key, status, answer, iso(created_at) as "appliedAt" from idempotency where tenant = $1 and key = $2`;
  app.get<{ Params: { key: string } }>('/v1/idempotency/:key', async ({ tenant, params: { key } }) => {
    const { rows } = await pool.query({ name: 'idempotency', text, values: [tenant, key] });
    if (!rows[0]) throw new Refused(404, 'NOT_FOUND', 'Nothing was done under this key.');
    return rows[0];
  });
}
