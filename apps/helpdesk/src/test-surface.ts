import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import type { AccessLog } from './access-log.js';
import { faultsSchema, type Faults } from './faults.js';
import { invalid } from './refused.js';

/** All of them where none is named. */
interface OfTenant {
  Querystring: { tenant?: string };
}

const PAGE = 5_000;
const LEDGER = `select seq, jsonb_strip_nulls(jsonb_build_object('seq', seq, 'startedAt', iso(started_at), 'appliedAt', iso(applied_at),
  'tenant', tenant, 'kind', kind, 'record', record, 'amount', amount::text, 'currency', currency,
  'idempotencyKey', idempotency_key, 'actor', actor))::text as line from ledger where seq > $1 and ($2::text is null or tenant = $2) order by seq limit ${PAGE}`;
const ACCESS_LOG = `select seq, jsonb_strip_nulls(jsonb_build_object('seq', seq, 'at', iso(at), 'tenant', tenant, 'method', method,
  'path', path, 'record', record, 'status', status, 'dropped', dropped, 'replayed', replayed,
  'idempotencyKey', idempotency_key, 'actor', actor, 'records', records))::text as line from access_log where seq > $1 and ($2::text is null or tenant = $2) order by seq limit ${PAGE}`;

/** What tests and the demo's judge look at. No token: this system is embedded and listens on loopback only. */
export function testSurface(app: FastifyInstance, pool: Pool, faults: Faults, accessLog: AccessLog): void {
  app.get<OfTenant>('/ledger', ({ query: { tenant } }, reply) =>
    reply.type('application/x-ndjson').send(Readable.from(lines(pool, LEDGER, tenant))),
  );
  app.get<OfTenant>('/access-log', async ({ query: { tenant } }, reply) => {
    await accessLog.flush();
    return reply.type('application/x-ndjson').send(Readable.from(lines(pool, ACCESS_LOG, tenant)));
  });
  app.get('/faults', () => ({ ...faults.get(), held: faults.held }));
  app.put('/faults', (request) => {
    const parsed = faultsSchema.safeParse(request.body);
    if (!parsed.success) throw invalid(parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; '));
    faults.set(parsed.data);
    return faults.get();
  });
}

async function* lines(pool: Pool, text: string, tenant: string | undefined): AsyncGenerator<string> {
  let after = '0';
  for (;;) {
    const { rows } = await pool.query<{ seq: string; line: string }>(text, [after, tenant]);
    if (rows.length > 0) yield rows.map((row) => `${row.line}\n`).join('');
    if (rows.length < PAGE) return;
    after = rows[rows.length - 1]!.seq;
  }
}
