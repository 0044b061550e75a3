import { describe, expect, it } from '@jest/globals';
import type { EventDraft, OutRecord, Person } from '@countersign/contracts';
import { PublishTimeout } from '@countersign/messaging';
import { Disclosures, type DisclosureParts } from './disclosures.js';
import { Pace } from './pace.js';

const audra: Person = { sub: 'audra', tenant: 'acme', roles: ['auditor'] };
const reason = 'the customer disputes it';

/** What happened, in order. */
function world(publish: (happened: string[]) => Promise<void>) {
  const happened: string[] = [];
  const parts: DisclosureParts = {
    traces: { as: () => Promise.resolve([] as never) },
    opener: { open: async () => new Map() },
    sql: () => ({ query: () => Promise.resolve([]) }),
    inTransaction: async (run) => {
      try {
        const result = await run({
          query: <R extends object>() => {
            happened.push('erased');
            return Promise.resolve([{ keys: '1', values: '2' }] as unknown as R[]);
          },
        });
        happened.push('committed');
        return result;
      } catch (error) {
        happened.push('undone');
        throw error;
      }
    },
    encode: (draft: EventDraft) => draft as unknown as OutRecord,
    publish: () => publish(happened),
    now: () => new Date(0),
  };
  return { happened, disclosures: new Disclosures(parts) };
}
const away = () => Promise.reject(new PublishTimeout(5000));

describe('disclosures (the numbers are those of disclosures.ts)', () => {
  it('show nothing while it cannot be written down, and say so (1, 5)', async () => {
    const { disclosures } = world(away);
    await expect(disclosures.reveal(audra, 'int_1', { reason })).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      extensions: { status: 503 },
      detail: expect.not.stringContaining(reason),
    });
  });

  it('undo an erasure that cannot be written down (3)', async () => {
    const { disclosures, happened } = world(away);
    await expect(disclosures.erase(audra, 'cus_1', reason)).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
    expect(happened).toEqual(['erased', 'undone']);
  });

  it('write an erasure down before it is committed (3)', async () => {
    const { disclosures, happened } = world(async (so) => void so.push('acknowledged'));
    expect(await disclosures.erase(audra, 'cus_1', reason)).toMatchObject({ keys: 1, values: 2 });
    expect(happened).toEqual(['erased', 'acknowledged', 'committed']);
  });
});

it('thirty times in a minute are the most, for each person', () => {
  let now = 0;
  const pace = new Pace(() => now);
  for (let n = 0; n < 30; n++) pace.take('acme/audra');
  pace.take('acme/ada');
  now = 20_000;
  expect(() => pace.take('acme/audra')).toThrow('ask again in 40 s');
  now = 60_000;
  pace.take('acme/audra');
});
