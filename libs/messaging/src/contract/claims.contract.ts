import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Store } from '../ports.js';
import { range } from './harness.js';

/** How work is claimed, on any store (the numbers are those of postgres/claims.ts). */
export function claimsContract(connect: () => Store, empty: () => Promise<void>): void {
  let store: Store;
  beforeEach(async () => {
    await empty();
    store = connect();
  });
  afterEach(() => store.stop());

  const ask = { kinds: ['job'], leaseMs: 30_000, fullTargets: [], held: [] };
  const since = Date.now() - 60_000;
  const queue = (tenant: string, count: number, target = 't') =>
    store.transact((tx) =>
      tx.addWork(
        range(count, tenant).map((id, at) => {
          const draft = { id, kind: 'job', target, tenant, body: {}, notBefore: new Date(since + at) };
          return { draft, leaseMs: undefined };
        }),
      ),
    );
  const claimed = async (limit: number, more = {}) =>
    (await store.claim({ ...ask, limit, ...more })).map(({ id }) => id).sort();

  it('1: the tenants that have something share evenly, the oldest first', async () => {
    for (const [tenant, count] of Object.entries({ A: 9, B: 1, C: 9 })) await queue(tenant, count);
    expect(await claimed(6)).toEqual(['A0', 'A1', 'B0', 'C0', 'C1']);
    expect(await claimed(6)).toEqual(['A2', 'A3', 'A4', 'C2', 'C3', 'C4']);
  });

  it('2: each has its turn where more wait than can be served at once', async () => {
    for (const tenant of 'ABCDE') await queue(tenant, 3);
    const turns: string[] = [];
    for (let claim = 0; claim < 6; claim++) turns.push((await claimed(2)).join(' '));
    expect(turns).toEqual(['A0 B0', 'C0 D0', 'E0 E1', 'A1 B1', 'C1 D1', 'E2']);
  });

  it('a full target is passed over, and so is what this process holds', async () => {
    await queue('A', 3, 'busy');
    await queue('B', 2);
    expect(await claimed(9, { fullTargets: ['busy'], held: ['B0'] })).toEqual(['B1']);
  });

  it('of one target alone, as few as asked for', async () => {
    await queue('A', 3, 'shy');
    await queue('B', 2);
    expect(await claimed(1, { only: 'shy' })).toEqual(['A0']);
    expect(await claimed(9, { only: 'elsewhere' })).toEqual([]);
  });

  it('what nobody began with is given back and counts as no attempt', async () => {
    await queue('A', 2);
    const [first, second] = await store.claim({ ...ask, limit: 2 });
    await store.release([
      { ...first!, delayMs: 0, unbegun: true },
      { ...second!, delayMs: 0 },
    ]);
    const again = await store.claim({ ...ask, limit: 2 });
    expect(new Map(again.map(({ id, attempts, fence }) => [id, [attempts, fence]]))).toEqual(
      new Map([
        [first!.id, [1, 2]],
        [second!.id, [2, 2]],
      ]),
    );
  });
}
