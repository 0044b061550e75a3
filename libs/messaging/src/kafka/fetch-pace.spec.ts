import { createRequire } from 'node:module';
import { expect, it } from '@jest/globals';
import { IDLE_FETCH_MS, lingerWhileRecordsCome, UNTIL_THE_TIME_IS_UP, type Fetching } from './fetch-pace.js';

const ConsumerGroup = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup') as { prototype: Fetching };
type Asked = [maxWaitTime: number, minBytes: number];

/** What each of the fetches asks for, where they find so many records. */
async function asks(maxWaitTime: number, minBytes: number, found: number[]): Promise<Asked[]> {
  const asked: Asked[] = [];
  const left = [...found];
  const kept = ConsumerGroup.prototype.fetch;
  ConsumerGroup.prototype.fetch = function () {
    asked.push([this.maxWaitTime, this.minBytes]);
    return Promise.resolve([{ messages: new Array<unknown>(left.shift() ?? 0) }]);
  };
  try {
    lingerWhileRecordsCome();
    const member = { maxWaitTime, minBytes } as Fetching;
    for (const _ of found) await ConsumerGroup.prototype.fetch.call(member, 1);
  } finally {
    ConsumerGroup.prototype.fetch = kept;
  }
  return asked;
}

it('records wait for more while they come, and the first after a rest does not', async () => {
  const busy: Asked = [50, UNTIL_THE_TIME_IS_UP];
  const rest: Asked = [IDLE_FETCH_MS, 1];
  expect(await asks(...busy, [3, 0, 0, 1, 2, 0, 0])).toEqual([busy, busy, rest, rest, busy, busy, rest]);
});

it('who lets nothing wait asks as ever', async () => {
  expect(await asks(IDLE_FETCH_MS, 1, [1, 0, 1])).toEqual(Array(3).fill([IDLE_FETCH_MS, 1]));
});
