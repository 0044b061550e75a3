import { describe, expect, it } from '@jest/globals';
import { ingestedThrough } from './heartbeat.js';
import { follow, type Progress } from './progress.js';

const record = (offset: bigint, timestamp = Number(offset) * 10) => ({
  topic: 'results' as const,
  partition: 1,
  offset,
  timestamp,
});

describe('following a partition', () => {
  it('finds nothing missing in what is contiguous', () => {
    expect(follow(new Map([['results/1', 4n]]), [record(4n), record(5n)])).toEqual({
      gaps: [],
      fresh: [record(4n), record(5n)],
      progress: [{ topic: 'results', partition: 1, next: 6n, lastAppendedAt: 50 }],
    });
  });

  it('names what is missing before, and within, what came', () => {
    expect(follow(new Map([['results/1', 4n]]), [record(6n), record(9n)]).gaps).toEqual([
      { topic: 'results', partition: 1, from: 4n, to: 5n },
      { topic: 'results', partition: 1, from: 7n, to: 8n },
    ]);
    expect(follow(new Map(), [record(2n)]).gaps).toEqual([{ topic: 'results', partition: 1, from: 0n, to: 1n }]);
  });

  it('takes what was stored before for neither missing nor progress', () => {
    expect(follow(new Map([['results/1', 9n]]), [record(3n), record(4n)])).toEqual({
      gaps: [],
      fresh: [],
      progress: [],
    });
  });
});

describe('the instant up to which everything is stored', () => {
  const end = (high: bigint, partition = 1) => ({ topic: 'results' as const, partition, high });
  const place = (next: bigint, lastAppendedAt: number, partition = 1): Progress => ({
    topic: 'results',
    partition,
    next,
    lastAppendedAt,
  });

  it('is when the ends were asked for, once all are stored or empty', () => {
    expect(ingestedThrough(1000, [end(5n), end(0n, 2)], [place(5n, 700)], new Map())).toBe(1000);
  });

  it('is the oldest last record of the partitions behind', () => {
    expect(ingestedThrough(1000, [end(5n), end(9n, 2)], [place(4n, 700), place(3n, 600, 2)], new Map())).toBe(600);
  });

  it('is unknown while nothing of a partition that has records is stored', () => {
    expect(ingestedThrough(1000, [end(5n), end(5n, 2)], [place(5n, 900)], new Map())).toBeUndefined();
  });

  it('is not set back by a record on a partition that was idle', () => {
    const wholeAt = new Map<string, number>();
    ingestedThrough(5000, [end(5n)], [place(5n, 700)], wholeAt);
    expect(ingestedThrough(6000, [end(6n)], [place(5n, 700)], wholeAt)).toBe(5000);
  });
});
