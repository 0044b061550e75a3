import { expect, it } from '@jest/globals';
import type { RawRecord } from '@countersign/contracts';
import { Committer } from './committer.js';
import { FakeStore } from './fake/fake-store.js';
import { Lines } from './lines.js';
import { silentLog } from './log.js';
import { Metrics } from './metrics.js';
import { ParkingLot } from './parking.js';
import type { Batch, Place } from './ports.js';
import { BatchProcessor } from './processor.js';
import type { Publisher } from './publisher.js';

const place: Place = { topic: 'results', partition: 0 };

/** One partition that is read from its beginning; `asked` is where it was to be fetched from. */
async function given() {
  const store = new FakeStore();
  const lines = new Lines(store);
  const asked: bigint[] = [];
  await store.positions('reader', [{ ...place, start: 0n }]);
  lines.take('reader', 'reader', [{ ...place, next: 0n, stood: 0n }], (_, next) => asked.push(next));
  const intake = { reserve: () => new Map<string, number>(), settle: () => {} };
  const signal = new AbortController().signal;
  const none = undefined as never;
  const pen = { encode: () => none };
  const processor = new BatchProcessor(
    new Map([['reader', { name: 'reader', topics: { results: { noise: 'ignore' } } } as never]]),
    {
      store,
      broker: none,
      committer: new Committer(store, none as Publisher, intake, pen, undefined),
      parking: new ParkingLot(Buffer.alloc(32)),
      lines,
      log: silentLog,
      metrics: new Metrics(),
      topicPrefix: 'test',
      decode: () => none,
      fatal: () => {},
      signal,
    },
  );
  const deliver = (from: bigint, end: bigint) => {
    const sought = asked.length;
    const records: RawRecord[] = [];
    for (let offset = from; offset < end; offset++)
      records.push({ ...place, offset, timestamp: 0, key: null, value: null, headers: { ce_type: 'noise' } });
    return processor.handle({
      ...place,
      subscription: 'reader',
      highWatermark: end,
      end,
      records,
      isStale: () => asked.length > sought,
      heartbeat: () => Promise.resolve(),
      resolve: () => {},
      seek: (next) => asked.push(next),
    } satisfies Batch);
  };
  const stored = async () => (await store.positions('reader', [{ ...place, start: 0n }]))[0]!.next;
  return { store, lines, asked, deliver, stored };
}

it('2: what the database lost is not passed over by a batch that waits for its transaction meanwhile', async () => {
  const { store, lines, asked, deliver, stored } = await given();
  await deliver(0n, 3n);
  expect(await stored()).toBe(3n);
  const transact = store.transact.bind(store);
  store.transact = async (run) => {
    store.transact = transact;
    store.database.crash();
    expect(await lines.putBack()).toBe(1);
    return transact(run);
  };
  await deliver(3n, 5n);
  expect([await stored(), asked.at(-1), lines.of('reader', place)!.next]).toEqual([0n, 0n, 0n]);
  await deliver(0n, 5n);
  expect(await stored()).toBe(5n);
});
