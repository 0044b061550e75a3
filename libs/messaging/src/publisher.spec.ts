import { describe, expect, it } from '@jest/globals';
import type { OutRecord } from '@countersign/contracts';
import { until } from './contract/until.js';
import { PublishTimeout, RefusedRecord } from './errors.js';
import { FakeBroker } from './fake/fake-broker.js';
import { FakeStore } from './fake/fake-store.js';
import { silentLog } from './log.js';
import { Metrics } from './metrics.js';
import { Publisher } from './publisher.js';

const record = (id: string, value = '{}'): OutRecord => ({ topic: 'replies', key: 'k', value, headers: { ce_id: id } });

/** A broker that remembers how records were grouped. */
class CountingBroker extends FakeBroker {
  readonly sends: number[] = [];
  gate: Promise<void> = Promise.resolve();
  override async publish(records: OutRecord[]): Promise<void> {
    this.sends.push(records.length);
    await this.gate;
    await super.publish(records);
  }
}

const open = () => {
  const broker = new CountingBroker();
  const store = new FakeStore();
  return { broker, store, publisher: new Publisher(broker, store, silentLog, new Metrics()) };
};
const ids = (broker: FakeBroker) => broker.cluster.read('replies').map(({ headers }) => String(headers['ce_id']));

describe('the publisher', () => {
  it('8: puts everything that is queued in one send, in order', async () => {
    const { broker, publisher } = open();
    let release = () => {};
    broker.gate = new Promise((resolve) => (release = resolve));
    const all = [publisher.publish([record('first')], 1000)];
    all.push(...['a', 'b', 'c'].map((id) => publisher.publish([record(id)], 1000)));
    release();
    await Promise.all(all);
    expect(broker.sends).toEqual([1, 3]);
    expect(ids(broker)).toEqual(['first', 'a', 'b', 'c']);
  });

  it('8: repeats a send until it is acknowledged, and deletes the outbox row only then', async () => {
    const { broker, store, publisher } = open();
    broker.failures = ['refused', 'lost'];
    await store.transact((tx) => tx.addOutbox({ id: 'o', records: [record('x')] }));
    await publisher.add('o', [record('x')]);
    expect(store.database.tables.outbox.size).toBe(1);
    await until('it is deleted', () => store.database.tables.outbox.size === 0);
    // The lost answer's record stands twice: consumers know the id.
    expect(ids(broker)).toEqual(['x', 'x']);
  });

  it('8: sends what is queued in the very turn in which the queue became empty, however many steps into it', async () => {
    const { broker, publisher } = open();
    let release = () => {};
    broker.gate = new Promise((resolve) => (release = resolve));
    const first = publisher.publish([record('first')], 1000);
    const emptied = broker.gate.then(async () => {
      const late: Promise<void>[] = [];
      for (let step = 0; step < 12; step++) {
        await Promise.resolve();
        if (publisher.idle()) late.push(publisher.publish([record(`late-${step}`)], 1000));
      }
      return Promise.all(late);
    });
    release();
    await Promise.all([first, emptied]);
    expect(ids(broker).length).toBeGreaterThan(1);
  });

  it('keeps a send below what the broker takes, and still sends what is larger alone', async () => {
    const { broker, publisher } = open();
    const megabyte = 'm'.repeat(1024 * 1024);
    await publisher.publish([record('1', megabyte), record('2', megabyte), record('3', megabyte), record('4')], 5000);
    expect(broker.sends).toEqual([1, 1, 2]);
  });

  it('passes over a record the broker calls too large for ever: what waits behind it goes, its row stays', async () => {
    const { broker, store, publisher } = open();
    const records = [record('before'), record('monster', 'm'.repeat(5 * 1024 * 1024)), record('after')];
    await store.transact((tx) => tx.addOutbox({ id: 'o', records }));
    await publisher.add('o', records);
    await publisher.publish([record('neighbour')], 1000);
    expect(ids(broker)).toEqual(['before', 'after', 'neighbour']);
    await expect(publisher.publish([records[1]!], 1000)).rejects.toBeInstanceOf(RefusedRecord);
    await publisher.leftovers();
    expect([...store.database.tables.outbox.keys()]).toEqual(['o']);
    expect(publisher.idle()).toBe(true);
  });

  it('counts headers when it keeps a send below what the broker takes', async () => {
    const { broker, publisher } = open();
    const heavy = ['1', '2', '3'].map((id) => ({
      ...record(id),
      headers: { ce_id: id, traceparent: 't'.repeat(1024 * 1024) },
    }));
    await publisher.publish(heavy, 1000);
    expect(broker.sends).toEqual([1, 1, 1]);
  });

  it('publishes leftovers of a former life of the same instance at once, those of others when they are old', async () => {
    const { store, broker, publisher } = open();
    const { database } = store;
    const former = new FakeStore(database, store.instance);
    const other = new FakeStore(database, 'other');
    await former.transact((tx) => tx.addOutbox({ id: 'former', records: [record('former')] }));
    await other.transact((tx) => tx.addOutbox({ id: 'other', records: [record('other')] }));
    await publisher.leftovers();
    await until('one is left', () => database.tables.outbox.size === 1);
    expect(ids(broker)).toEqual(['former']);
    const row = database.tables.outbox.get('other')!;
    database.tables.outbox.set('other', { ...row, createdAt: row.createdAt - 10_000 });
    await publisher.leftovers();
    await until('none is left', () => database.tables.outbox.size === 0);
    expect(ids(broker)).toEqual(['former', 'other']);
  });

  it('tells who publishes directly that it was not acknowledged in time', async () => {
    const { broker, publisher } = open();
    broker.gate = new Promise(() => {});
    await expect(publisher.publish([record('x')], 10)).rejects.toBeInstanceOf(PublishTimeout);
    await publisher.stop(1);
  });
});
