import { describe, expect, it } from '@jest/globals';
import { growthFlaws, tellPoints, type Point } from './verdict.js';

const point = (size: number, cpuMs: number, memoryMiB = 1_000): Point => ({
  ...{ size, perSecond: 100, cpuMs, memoryMiB },
  cpuBy: { kafka: 1, postgres: cpuMs - 1 },
});

describe("an action's CPU time", () => {
  it('that has nothing to do with the size stays within one and a half', () => {
    expect(growthFlaws('pending', [point(0, 4), point(100_000, 6)], 'flat')).toEqual([]);
    expect(growthFlaws('pending', [point(0, 4), point(100_000, 6.1)], 'flat')).toEqual([
      "pending: an action's CPU time is 1.52 × from 0 to 100000, not flat",
    ]);
  });

  it('that looks at all there is may grow as much as that does, and no more', () => {
    expect(growthFlaws('rules', [point(10, 4), point(100, 40)], 'linear')).toEqual([]);
    expect(growthFlaws('rules', [point(10, 4), point(100, 60)], 'linear')).toEqual([
      "rules: an action's CPU time grows with the power 1.18, worse than linear",
    ]);
  });

  it('is judged from the first size to the last, whatever lies between', () => {
    expect(growthFlaws('tenants', [point(1, 4), point(10, 9), point(100, 5)], 'flat')).toEqual([]);
  });
});

it('memory may grow as much as the size does, and no more', () => {
  expect(growthFlaws('tenants', [point(10, 4, 100), point(100, 4, 1_000)], 'flat')).toEqual([]);
  expect(growthFlaws('tenants', [point(10, 4, 100), point(100, 4, 1_500)], 'flat')).toEqual([
    'tenants: memory grows with the power 1.18',
  ]);
});

it('what was not measured is not called flat', () => {
  expect(growthFlaws('audit', [point(0, 4), point(10, Number.NaN)], 'flat')).toHaveLength(1);
  expect(growthFlaws('audit', [point(0, 4)], 'flat')).toEqual(['audit: one size says nothing of growth']);
});

it('a table has a line a size, and says in which programs the difference lies', () => {
  expect(tellPoints([point(10, 4)])).toHaveLength(2);
  expect(tellPoints([point(10, 4), point(100, 6)]).at(-1)).toBe(
    '  CPU ms an action from 10 to 100: postgres 3.00 → 5.00, kafka 1.00 → 1.00',
  );
});
