import { createPrivateKey, randomBytes, sign, type JsonWebKey } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { intentIdOf, topicName } from '@countersign/contracts';
import type { System } from '@countersign/embedded';
import { devToken } from '@countersign/embedded/places';
import { keyOfIntent } from '../ledger.js';
import type { LoadDriver, Pipeline } from '../load.js';
import { messageOf, SOURCE } from '../systems/countersign.js';

/** `ord_10000` to `ord_10099`. */
const ORDERS = 100;
const TOKEN_SECONDS = 4 * 3600;

export const tenantName = (n: number): string => `tenant-${n}`;

/** Tenants as an installation gets them: a credential at the target, and orders there. Helpdesk is started again to learn of them. */
export async function addTenants(system: System, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const file = path.join(system.dataDir, 'credentials', 'helpdesk', `${tenantName(n)}.token`);
    fs.writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  }
  const url = new URL(system.urls.postgres);
  url.pathname += '_helpdesk';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    const from = (table: string, columns: string, where: string) =>
      client.query(
        `insert into ${table} (tenant, ${columns}) select 'tenant-' || n, ${columns} from ${table}, generate_series(0, $1::int - 1) n
         where tenant = 'acme' and ${where}`,
        [count],
      );
    await from('customers', 'id, name, email, updated_at', `id ~ '^cus_50..$'`);
    const columns = 'id, customer_id, status, currency, total, placed_at, updated_at';
    await from('orders', columns, `id ~ '^ord_100..$'`);
  } finally {
    await client.end();
  }
  await system.hold('helpdesk-1');
  await system.release('helpdesk-1');
}

/** Of the embedded identity provider's own key, for a tenant that it has nobody of. */
export async function tokenMaker(system: System): Promise<(tenant: string) => string> {
  const [head = '', body = ''] = (await devToken(system.urls.identity, 'alice', TOKEN_SECONDS)).split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
  const file = path.join(system.dataDir, 'identity', 'identity-keys.json');
  const { jwks } = JSON.parse(fs.readFileSync(file, 'utf8')) as { jwks: { keys: JsonWebKey[] } };
  const key = createPrivateKey({ key: jwks.keys[0] as JsonWebKey, format: 'jwk' });
  return (tenant) => {
    const said = `${head}.${Buffer.from(JSON.stringify({ ...claims, tenant })).toString('base64url')}`;
    return `${said}.${sign('sha256', Buffer.from(said), key).toString('base64url')}`;
  };
}

/** Actions of so many tenants in turn; a session of its own for each order, and the keys of their effects noted. */
export function ofTenants(
  system: System,
  { run, count, keys }: { run: string; count: number; keys: string[] },
  token: (tenant: string) => string,
): Pipeline {
  const tokens = Array.from({ length: count }, (_, n) => token(tenantName(n)));
  let sequence = 0;
  const one = () => {
    const n = sequence++;
    const tenant = tenantName(n % count);
    const intentId = intentIdOf(tenant, SOURCE, `t-${run}-${n}`);
    keys.push(keyOfIntent(intentId, 0, tenant));
    const order = Math.floor(n / count) % ORDERS;
    const call = { orderId: `ord_${10_000 + order}`, amount: '0.01', currency: 'EUR', reason: 'late delivery' };
    const message = messageOf(`t-${run}-${n}`, tokens[n % count] ?? '', { call, session: `s-${order}`, tenant });
    return { id: intentId, message };
  };
  return {
    ...{ name: `${count} tenants`, input: topicName('intents'), output: topicName('replies') },
    make: (n) => Array.from({ length: n }, one),
    idOf: (headers) => String(headers['ce_correlationid']),
  };
}

export const pushThrough =
  (driver: LoadDriver, pipeline: Pipeline) =>
  async (n: number): Promise<number> =>
    (await driver.throughput(pipeline, n, 600_000)).overall;
