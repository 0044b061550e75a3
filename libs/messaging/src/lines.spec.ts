import { describe, expect, it } from '@jest/globals';
import { FakeStore } from './fake/fake-store.js';
import { Lines } from './lines.js';
import type { Place } from './ports.js';

const place: Place = { topic: 'results', partition: 0 };
const key = { consumer: 'reader', ...place };

async function given() {
  const store = new FakeStore();
  const lines = new Lines(store);
  const sought: [Place, bigint][] = [];
  await store.positions('reader', [{ ...place, start: 0n }]);
  lines.take('reader', 'reader', [{ ...place, next: 0n, stood: 0n }], (...to) => sought.push(to));
  const advance = (to: bigint, mayBeLost: boolean) =>
    store.transact(async (tx, close) => {
      close(tx.advance([{ key, from: lines.of('reader', place)!.next, to }]), { mayBeLost });
    });
  const handled = async (to: bigint, mayBeLost = false) => {
    await advance(to, mayBeLost);
    lines.of('reader', place)!.next = to;
  };
  return { store, lines, sought, handled };
}

describe('the positions of a process (10: of processor.ts)', () => {
  it('10: what the database lost in a crash is fetched again, although nothing comes that would tell', async () => {
    const { store, lines, sought, handled } = await given();
    await handled(3n);
    await handled(5n, true);
    expect(await lines.putBack()).toBe(0);
    store.database.crash();
    expect(await lines.putBack()).toBe(1);
    expect(sought).toEqual([[place, 3n]]);
    expect(lines.of('reader', place)!.next).toBe(3n);
    expect(await lines.putBack()).toBe(0);
  });

  it('10: what was on disk is not fetched again', async () => {
    const { store, lines, sought, handled } = await given();
    await handled(3n, true);
    await handled(5n);
    store.database.crash();
    expect(await lines.putBack()).toBe(0);
    expect(sought).toEqual([]);
  });

  it('a position that moves while it is asked for is left as it is', async () => {
    const { store, lines, sought, handled } = await given();
    const positions = store.positions.bind(store);
    store.positions = async (...asked) => {
      const stored = await positions(...asked);
      await handled(4n);
      return stored;
    };
    expect(await lines.putBack()).toBe(0);
    expect(sought).toEqual([]);
    expect(lines.of('reader', place)!.next).toBe(4n);
  });
});
