import { describe, expect, it } from '@jest/globals';
import type { EventDraft, OutRecord } from '@countersign/contracts';
import { FakeStore } from './fake/fake-store.js';
import { emit, ignore, put, work, type Effect } from './stream.js';
import { UnitOfWork, type Step } from './unit-of-work.js';

const encode = (draft: EventDraft): OutRecord => ({ topic: 'replies', key: '', value: draft.id, headers: {} });
const event = (id: string) => emit({ id } as EventDraft);
const job = (id: string) => work({ id, kind: 'k', target: 't', tenant: 'acme', body: null });
const step = (touches: string[], ...effects: Effect[]): Step => ({ touches, decide: () => effects });
const none = () => new Map<string, number>();

const inUnit = async <T>(store: FakeStore, body: (unit: UnitOfWork) => Promise<T>) =>
  store.transact(async (tx) => {
    const unit = new UnitOfWork(tx, encode, new Date(0));
    const result = await body(unit);
    await unit.write(none);
    return result;
  });

describe('a unit of work', () => {
  it('2: holds a row that was only looked at and was not there, so that the absence is a locked one', async () => {
    const store = new FakeStore();
    await inUnit(store, async (unit) => {
      await unit.load([step(['looked-at'])]);
      await unit.run(step(['looked-at'], ignore('nothing to do')));
    });
    expect(store.database.tables.states.get('looked-at')).toEqual({ body: undefined, rev: 1 });
  });

  it('6: drops all effects of a step that fails, also those before the one it failed on', async () => {
    const store = new FakeStore();
    await inUnit(store, async (unit) => {
      await unit.run({ ...step(['a'], put('a', { n: 1 }), event('first')), touchesAlso: () => [] });
      const failing = {
        ...step(['a'], put('a', { n: 2 }), event('second'), job('w'), put('not-named', {})),
        touchesAlso: () => [],
      };
      await expect(unit.run(failing)).rejects.toThrow('which touches does not name');
      expect(unit.records.map(({ value }) => value)).toEqual(['first']);
    });
    expect(store.database.tables.states.get('a')?.body).toBe('{"n":1}');
    expect(store.database.tables.work.size).toBe(0);
  });

  it('6: refuses to emit what the broker would refuse for ever: headers and key count', async () => {
    const store = new FakeStore();
    const heavy = (draft: EventDraft) => ({ ...encode(draft), headers: { traceparent: 't'.repeat(2_000_000) } });
    await store.transact(async (tx) => {
      const unit = new UnitOfWork(tx, heavy, new Date(0));
      await unit.load([step([])]);
      await expect(unit.run(step([], event('e')))).rejects.toThrow('bytes of key and headers');
      expect(unit.records).toEqual([]);
    });
  });

  it('refuses to read a state that is not named', async () => {
    await inUnit(new FakeStore(), async (unit) => {
      const peeking: Step = { touches: ['a'], decide: (states) => (states.get('b') ? [] : []) };
      await unit.load([peeking]);
      await expect(unit.run(peeking)).rejects.toThrow('"b" is not named');
    });
  });

  it('cancels work of an earlier step, and not work that is only written down afterwards', async () => {
    const store = new FakeStore();
    await inUnit(store, async (unit) => {
      await unit.run(step([], job('before'), { do: 'cancel', workId: 'before' }));
      await unit.run(step([], { do: 'cancel', workId: 'after' }, job('after')));
    });
    const { work: rows } = store.database.tables;
    expect([rows.get('before')?.status, rows.get('after')?.status]).toEqual(['CANCELLED', 'QUEUED']);
  });
});
