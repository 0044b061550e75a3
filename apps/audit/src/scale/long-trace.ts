import { parseArgs } from 'node:util';
import pg from 'pg';
import { longTrace, seed } from './seed.js';

/**
 * Stores one trace of many events of a tenant's in audit's tables of a running system, as the ingest does, and prints its id: for tests
 * of what shows it. `DATABASE_URL` is the owner's.
 */
const { values } = parseArgs({ options: { events: { type: 'string', default: '5000' } } });
const owner = new pg.Pool({
  connectionString: process.env['DATABASE_URL'],
  max: 1,
  options: '-c search_path=audit',
});
const own = {
  ...{ number: 10 ** 9, tenant: 'acme', actor: 'alice', tool: 'issue_refund', rule: 'the-rule', order: 'ord_1002' },
  text: 'one request of very many events',
};
try {
  const rows = longTrace(own, Number(values.events), Date.now() - 600_000);
  await seed(owner, [rows]);
  console.log(rows[0]!.intent);
} finally {
  await owner.end();
}
