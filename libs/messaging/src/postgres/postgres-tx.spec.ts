import { expect, it } from '@jest/globals';
import { PostgresTx, type Run } from './postgres-tx.js';

const HOUR = 3_600_000;

it('lets what is written down wait by the database clock, and what is put back for as long as was said', async () => {
  const waits: unknown[] = [];
  const run: Run = (name, _text, values) => {
    waits.push((name === 'm-work' ? values[6] : values[3]) as unknown);
    return Promise.resolve({ rows: [], count: 0 });
  };
  const database = new Date(Date.now() + 24 * HOUR);
  const tx = new PostgresTx(run, 'a', 'a/1', () => database);
  const draft = { id: 'w', kind: 'job', target: 't', tenant: 'acme', body: {} };
  await tx.addWork([
    { draft: { ...draft, notBefore: new Date(database.getTime() + 30_000) }, leaseMs: undefined },
    { draft, leaseMs: undefined },
  ]);
  const again = { id: 'w', fence: 1, status: 'QUEUED', because: 'not yet' } as const;
  await tx.deferWork([{ ...again, inMs: 500 }]);
  expect(waits).toEqual([[30_000, 0], [500]]);
});
