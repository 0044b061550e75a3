import { describe, expect, it } from '@jest/globals';
import type { EventDraft, OutRecord } from '@countersign/contracts';
import { Committer } from './committer.js';
import { FakeStore } from './fake/fake-store.js';
import type { Publisher } from './publisher.js';
import { emit, type Applied } from './stream.js';

const intake = { reserve: () => new Map<string, number>(), settle: () => {} };
const encode = (draft: EventDraft): OutRecord => ({ topic: 'decisions', key: '', value: draft.id, headers: {} });
const says = (...ids: string[]) => ({ touches: [], decide: () => ids.map((id) => emit({ id } as EventDraft)) });

function committer(store: FakeStore, signAll?: (records: OutRecord[]) => OutRecord[]) {
  const published: OutRecord[] = [];
  const publisher: Pick<Publisher, 'add'> = {
    add: (_id, records) => Promise.resolve(void published.push(...records)),
  };
  const pen = signAll ? { encode, signAll } : { encode };
  return { published, committer: new Committer(store, publisher as Publisher, intake, pen, undefined) };
}

describe('a transaction', () => {
  it('signs all it emits at once, before it is written down and published', async () => {
    const store = new FakeStore();
    const calls: number[] = [];
    const signed = committer(store, (records) => {
      calls.push(records.length);
      return records.map((record, n) => ({ ...record, headers: { ce_signature: `${n} of ${records.length}` } }));
    });
    await signed.committer.commit(async (_tx, unit) => {
      await unit.run(says('a', 'b'));
      await unit.run(says('c'));
      return { value: undefined };
    });
    expect(calls).toEqual([3]);
    expect(signed.published.map(({ value, headers }) => `${value} ${headers['ce_signature']}`)).toEqual([
      'a 0 of 3',
      'b 1 of 3',
      'c 2 of 3',
    ]);
    const [stored] = await store.leftovers(-1, 10);
    expect(stored?.records).toEqual(signed.published);
  });

  it('of a service that signs nothing publishes what was encoded', async () => {
    const plain = committer(new FakeStore());
    await plain.committer.commit(async (_tx, unit) => {
      await unit.run(says('a'));
      return { value: undefined };
    });
    expect(plain.published.map(({ value, headers }) => [value, headers])).toEqual([['a', {}]]);
  });

  it('tells what it did once it is committed, and nothing of an attempt that was undone', async () => {
    const store = new FakeStore();
    const told: string[][] = [];
    const publisher = { add: () => Promise.resolve() } as unknown as Publisher;
    const pen = { encode, committed: ({ emitted }: Applied) => void told.push(emitted.map(({ id }) => id)) };
    const committer = new Committer(store, publisher, intake, pen, undefined);
    const attempt = (fails: boolean) =>
      committer.commit(async (_tx, unit) => {
        await unit.run(says('a'));
        return {
          value: undefined,
          project: () => (fails ? Promise.reject(new Error('serialization failure')) : Promise.resolve()),
          committed: () => void told.push(['of the body']),
        };
      });
    await expect(attempt(true)).rejects.toThrow();
    expect(told).toEqual([]);
    await attempt(false);
    expect(told).toEqual([['of the body'], ['a']]);
  });
});
