import { describe, expect, it } from '@jest/globals';
import { behind, grown, quartersOf, type Sample } from './quarters.js';

const samples = (...values: number[]): Sample[] => values.map((value, index) => ({ at: index * 100, value }));

describe('the quarters of a run', () => {
  it('are compared by their medians, the first and the third left out', () => {
    const run = samples(900, 900, 10, 12, 11, 900, 900, 900, 20, 21, 700);
    expect(quartersOf([...run, { at: 1_150, value: 21 }], 1_200)).toEqual({ second: 12, last: 21 });
  });

  it('have what is seen at the very end in the last', () => {
    expect(quartersOf(samples(1, 1, 1, 1, 5), 400)).toEqual({ second: 1, last: 3 });
  });
});

describe('memory', () => {
  it('may grow by a tenth and no more', () => {
    expect(grown('audit', { second: 100, last: 110 })).toEqual([]);
    expect(grown('audit', { second: 100, last: 111 })).toEqual(['audit went from 100 to 111 MiB: more than 1.1 ×']);
  });

  it('of a run too short to say is not called flat', () => {
    expect(grown('audit', quartersOf([], 1_000))).toHaveLength(1);
  });
});

describe('lag', () => {
  it('may differ by what comes in a second, from nothing too', () => {
    expect(behind('audit', { second: 0, last: 200 }, 200)).toEqual([]);
    expect(behind('audit', { second: 0, last: 201 }, 200)).toHaveLength(1);
  });

  it('that nobody saw is not called flat', () => {
    expect(behind('audit', quartersOf([], 1_000), 200)).toHaveLength(1);
  });
});
