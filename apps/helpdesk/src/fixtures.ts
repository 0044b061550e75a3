/*
 * Tenants made for evals, each with what its case is given. What it guarantees:
 * 1. None of it is there unless the setting is on, and nobody without its secret makes or changes anything.
 * 2. A tenant of it is called `eval-…`, as no other is: no other tenant is ever touched.
 * 3. What a record is given is what the API would show of it; a field or a type that is unknown is refused by name.
 */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { invalid, Refused } from './refused.js';
import { FIXTURE_TENANT } from './tokens.js';

/** Whose named records every such tenant begins with, and the tenant that has those and no others. */
const MODEL = 'acme';
const BASE = 'eval';

const fields = z.record(z.string(), z.json());
const fixtures = z.strictObject({
  people: z.record(z.string(), z.strictObject({ roles: z.array(z.string()) })).default({}),
  records: z.array(z.strictObject({ type: z.string(), id: z.string(), fields })).default([]),
});
const changed = z.strictObject({ fields });
type Fields = z.infer<typeof fields>;

interface Kind {
  table: string;
  columns: readonly string[];
  /** Of a new one. */
  defaults: Readonly<Record<string, unknown>>;
  key?: string;
  /** The column that names its customer, who is made if there is none. */
  parent?: string;
  names?: Readonly<Record<string, string>>;
}

const AT = '2026-01-05T09:00:00Z';
const money = { currency: 'EUR' };
const KINDS: Readonly<Record<string, Kind>> = {
  customer: {
    table: 'customers',
    columns: ['name', 'email', 'phone', 'iban', 'restricted', 'merged_into', 'deleted_at'],
    defaults: { name: 'Somebody', email: 'somebody@example.com', restricted: false },
  },
  order: {
    table: 'orders',
    columns: ['customer_id', 'status', 'currency', 'total', 'refunded', 'shipments', 'placed_at'],
    defaults: {
      ...money,
      customer_id: 'cus_001',
      status: 'delivered',
      total: 54,
      refunded: 0,
      shipments: [],
      placed_at: AT,
    },
    parent: 'customer_id',
  },
  subscription: {
    table: 'subscriptions',
    columns: ['customer_id', 'plan', 'status', 'price', 'currency', 'period_end'],
    defaults: { ...money, customer_id: 'cus_001', plan: 'care-plus', status: 'active', price: 9.9, period_end: AT },
    parent: 'customer_id',
  },
  entitlement: {
    table: 'entitlements',
    columns: ['customer_id', 'feature', 'quantity', 'status', 'valid_until'],
    defaults: { customer_id: 'cus_001', feature: 'standard-support', quantity: 1, status: 'active' },
    parent: 'customer_id',
  },
  member: {
    table: 'members',
    columns: ['name', 'email', 'roles', 'active'],
    defaults: { name: 'Somebody', email: 'somebody@desk.example', roles: [], active: true },
    key: 'sub',
  },
  ticket: {
    table: 'tickets',
    columns: ['customer_id', 'order_id', 'subject', 'body', 'status'],
    defaults: { subject: 'A question', body: 'Hello.', status: 'open' },
    parent: 'customer_id',
  },
  refund: {
    table: 'refunds',
    columns: ['order_id', 'amount', 'currency', 'reason', 'customer_id'],
    defaults: { ...money, order_id: 'ord_1001', amount: 1, reason: 'Before.' },
    names: { paidTo: 'customer_id' },
  },
};
/** Shown by the API, and nobody's to set. */
const DERIVED = ['id', 'sub', 'tenant', 'version', 'updatedAt', 'remaining'];

/** By type, which of the model's. */
const NAMED = {
  customer: '^cus_0',
  order: '^ord_10[0-9][0-9]$',
  subscription: '^sub_3',
  entitlement: '^ent_5',
  member: '.',
  ticket: '^tck_seed',
};
/** One statement: foreign keys are looked at when all of it is there. */
const copies = (from: string, isCopied: (key: string, ids: string) => string) =>
  `with ${Object.entries(NAMED)
    .map(([type, ids]) => {
      const { table, key = 'id', columns } = KINDS[type]!;
      const list = [key, ...columns, 'updated_at'].join(', ');
      return `${type}s as (insert into ${table} (tenant, ${list})
        select $1, ${list} from ${table} where tenant = '${from}' and ${isCopied(key, ids)} on conflict do nothing)`;
    })
    .join(', ')} select 1`;
/** Of thousands of records once, so that each tenant is made of a few. */
const TO_BASE = copies(MODEL, (key, ids) => `${key} ~ '${ids}'`);
const FROM_BASE = copies(BASE, () => 'true');

const INDEXES = `create index if not exists access_log_by_tenant on access_log (tenant, seq);
  create index if not exists ledger_by_tenant on ledger (tenant, seq)`;

/** Which tenant a token of the evals speaks for: the secret, a dot, the tenant. */
export function fixtureTenantOf(secret: string, token: string): string | undefined {
  const tenant = token.slice(secret.length + 1);
  return isSecret(secret, token.slice(0, secret.length)) && token[secret.length] === '.' && FIXTURE_TENANT.test(tenant)
    ? tenant
    : undefined;
}

function isSecret(secret: string, given: string): boolean {
  const [a, b] = [Buffer.from(secret), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

export function fixtureRoutes(app: FastifyInstance, pool: Pool, secret: string): void {
  app.addHook('onReady', async () => {
    await pool.query(INDEXES);
    await pool.query(TO_BASE, [BASE]);
  });
  const may = async (request: FastifyRequest) => {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!isSecret(secret, token)) throw new Refused(401, 'UNAUTHENTICATED', "Send the evals' own token.");
  };
  app.put<{ Params: { tenant: string } }>('/fixtures/:tenant', { onRequest: may }, async (request, reply) => {
    const tenant = tenantIn(request.params.tenant);
    const { people, records } = read(fixtures, request.body);
    await inTransaction(pool, async (client) => {
      await client.query({ name: 'base', text: FROM_BASE, values: [tenant] });
      for (const [sub, { roles }] of Object.entries(people))
        await write(client, tenant, { type: 'member', id: sub, fields: { name: sub, roles } }, false);
      for (const record of records) await write(client, tenant, record, false);
    });
    return reply.code(204).send();
  });
  app.patch<{ Params: { tenant: string; type: string; id: string } }>(
    '/fixtures/:tenant/:type/:id',
    { onRequest: may },
    async (request, reply) => {
      const { type, id } = request.params;
      const tenant = tenantIn(request.params.tenant);
      const { fields } = read(changed, request.body);
      await inTransaction(pool, (client) => write(client, tenant, { type, id, fields }, true));
      return reply.code(204).send();
    },
  );
}

const tenantIn = (given: string): string => {
  if (!FIXTURE_TENANT.test(given)) throw invalid(`${given} is no tenant of the evals: they are called eval-…`);
  return given;
};

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

async function inTransaction(pool: Pool, run: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await run(client);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw (error as { code?: string }).code?.startsWith('2') ? invalid((error as Error).message) : error;
  } finally {
    client.release();
  }
}

/** Sets the fields of a record, which is made if there is none. A change is of one that is there, and moves its version. */
async function write(
  client: PoolClient,
  tenant: string,
  { type, id, fields }: { type: string; id: string; fields: Fields },
  moves: boolean,
): Promise<void> {
  const kind = KINDS[type];
  if (!kind) throw invalid(`there is no type ${type}: ${Object.keys(KINDS).join(', ')}`);
  const { table, key = 'id', columns, defaults, parent } = kind;
  const set = columnsOf(type, kind, fields);
  const customer = parent && ({ ...defaults, ...set } as Record<string, unknown>)[parent];
  if (typeof customer === 'string')
    await client.query(
      `insert into customers (tenant, id, name, email, updated_at) values ($1, $2, 'Somebody', 'somebody@example.com', '${AT}') on conflict do nothing`,
      [tenant, customer],
    );
  const list = columns.join(', ');
  const updated = await client.query(
    `update ${table} t set (${list}) = (select ${list} from jsonb_populate_record(t, $3::jsonb))
      ${moves ? ', version = version + 1, updated_at = clock_timestamp()' : ''} where tenant = $1 and ${key} = $2`,
    [tenant, id, JSON.stringify(set)],
  );
  if (updated.rowCount) return;
  if (moves) throw new Refused(404, 'NOT_FOUND', `There is no ${type} ${id}.`);
  await client.query(
    `insert into ${table} (tenant, ${key}, ${list}, updated_at)
     select $1, $2, ${list}, '${AT}' from jsonb_populate_record(null::${table}, $3::jsonb)`,
    [tenant, id, JSON.stringify({ ...defaults, ...set })],
  );
}

/** Guarantee 3. */
function columnsOf(type: string, { columns, names = {} }: Kind, given: Fields): Record<string, unknown> {
  const set: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(given)) {
    if (DERIVED.includes(field)) continue;
    const column = names[field] ?? field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (!columns.includes(column)) throw invalid(`a ${type} has no field ${field}`);
    if (typeof value === 'object' && value !== null && 'amount' in value) {
      set[column] = value['amount'];
      set['currency'] = value['currency'];
    } else set[column] = value;
  }
  return set;
}
