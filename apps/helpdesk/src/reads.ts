import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Pool } from 'pg';
import { Refused } from './refused.js';

type ById = { Params: { id: string } };

/** A record as the access log names it. A list is one record too, under the id of what it belongs to. */
export interface RecordSeen {
  type: string;
  id: string;
  version: number | string;
}

interface Kind {
  path: string;
  kind: string;
  table: string;
  key?: string;
  json?: string;
  /** Which of its records are closed to those without leave. */
  restricted?: string;
}

const REFUND = `refund_json(r) || jsonb_build_object('order', (select jsonb_build_object('id', o.id, 'version', o.version,
  'refunded', money(o.refunded, o.currency), 'refunds', (select money(sum(amount), o.currency) from refunds where tenant = $1 and order_id = o.id))
  from orders o where o.tenant = $1 and o.id = r.order_id))`;
const OF_CUSTOMER = 'is_restricted(tenant, customer_id)';
const RECORDS: Kind[] = [
  { path: '/v1/orders/:id', kind: 'order', table: 'orders', restricted: OF_CUSTOMER },
  {
    path: '/v1/customers/:id',
    kind: 'customer',
    table: '(select * from customers where deleted_at is null)',
    json: 'customer_json((select c from customers c where c.tenant = $1 and c.id = $2))',
    restricted: 'is_restricted(tenant, id)',
  },
  { path: '/v1/subscriptions/:id', kind: 'subscription', table: 'subscriptions', restricted: OF_CUSTOMER },
  { path: '/v1/members/:id', kind: 'member', table: 'members', key: 'sub' },
  { path: '/v1/tickets/:id', kind: 'ticket', table: 'tickets', restricted: 'restricted_ticket(r)' },
  {
    path: '/v1/replies/:id',
    kind: 'reply',
    table: 'replies',
    restricted: '(select restricted_ticket(t) from tickets t where t.tenant = $1 and t.id = r.ticket_id)',
  },
  {
    path: '/v1/refunds/:id',
    kind: 'refund',
    table: 'refunds',
    json: REFUND,
    restricted: 'restricted_order(tenant, order_id)',
  },
];

const list = (of: string, path: string, record: string, table: string) => ({ of, path, record, table, by: `${of}_id` });
const LISTS = [
  list('customer', '/v1/customers/:id/orders', 'order', 'orders'),
  list('customer', '/v1/customers/:id/subscriptions', 'subscription', 'subscriptions'),
  list('customer', '/v1/customers/:id/entitlements', 'entitlement', 'entitlements'),
  list('order', '/v1/orders/:id/refunds', 'refund', 'refunds'),
  list('ticket', '/v1/tickets/:id/replies', 'reply', 'replies'),
];

/** One record, or the records of one: always of the caller's tenant, and restricted ones with leave alone. */
export function readRoutes(app: FastifyInstance, pool: Pool): void {
  for (const one of RECORDS) app.get<ById>(one.path, (request) => readOne(pool, one, request as FastifyRequest<ById>));
  for (const one of LISTS) app.get<ById>(one.path, (request) => readList(pool, one, request as FastifyRequest<ById>));
  idempotencyRoute(app, pool);
}

function recordQuery({ kind, table, key = 'id', json = `${kind}_json(r)`, restricted = 'false' }: Kind): string {
  return `select ${json} as record, ${restricted} as restricted from ${table} r where tenant = $1 and ${key} = $2`;
}

async function readOne(pool: Pool, one: Kind, request: FastifyRequest<ById>): Promise<object> {
  const { tenant, mayTouchRestricted, params } = request;
  const values = [tenant, params.id];
  const { rows } = await pool.query({ name: one.path, text: recordQuery(one), values });
  if (!rows[0]) throw await missing(pool, one.kind, tenant, params.id);
  if (rows[0].restricted && !mayTouchRestricted) throw hidden();
  const { record } = rows[0];
  request.records = [seen(one.kind, record), ...(record.order ? [seen('order', record.order)] : [])];
  return record;
}

const seen = (type: string, { id, version }: { id: string; version: number }): RecordSeen => ({ type, id, version });

async function readList(
  pool: Pool,
  { of, path, record, table, by }: (typeof LISTS)[number],
  request: FastifyRequest<ById>,
) {
  const { tenant, mayTouchRestricted, params } = request;
  const owner = RECORDS.find(({ kind }) => kind === of)!;
  const rows = `select r.id, r.version, ${record}_json(r) as record from ${table} r where tenant = $1 and ${by} = $2 order by id limit 200`;
  const text = `select owner.restricted, coalesce(jsonb_agg(found.record order by found.id) filter (where found.id is not null), '[]') as data,
    left(md5(coalesce(string_agg(found.id || '@' || found.version, ',' order by found.id), '')), 12) as version
    from (${recordQuery(owner)}) owner left join (${rows}) found on true group by owner.restricted`;
  const found = (await pool.query({ name: path, text, values: [tenant, params.id] })).rows[0];
  if (!found) throw await missing(pool, of, tenant, params.id);
  if (found.restricted && !mayTouchRestricted) throw hidden();
  request.records = [{ type: table, id: params.id, version: found.version }];
  return { tenant, version: found.version, data: found.data };
}

const hidden = () => new Refused(403, 'RECORD_RESTRICTED', 'This record is restricted.');

/** The same words wherever the record is; the code says which, for the log of whoever asked and never for their user. */
async function missing(pool: Pool, kind: string, tenant: string, id: string): Promise<Refused> {
  const text = 'select is_elsewhere($1, $2, $3) as elsewhere';
  const { rows } = await pool.query({ name: 'is-elsewhere', text, values: [kind, tenant, id] });
  return new Refused(404, rows[0].elsewhere ? 'OTHER_TENANT' : 'NOT_FOUND', `There is no ${kind} ${id}.`);
}

/** What a key did. No answer under a key proves that nothing was done with it. */
function idempotencyRoute(app: FastifyInstance, pool: Pool): void {
  const text = `select key, status, answer, iso(created_at) as "appliedAt" from known_by($1, $2)`;
  app.get<{ Params: { key: string } }>('/v1/idempotency/:key', async ({ tenant, params: { key } }) => {
    const { rows } = await pool.query({ name: 'idempotency', text, values: [tenant, key] });
    if (!rows[0]) throw new Refused(404, 'NOT_FOUND', 'Nothing was done under this key.');
    return rows[0];
  });
}
