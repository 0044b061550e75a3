import { expect, it } from '@jest/globals';
import { exponentOf, median, percentile, ratioOf, spreadOf } from './statistics.js';

it('the median of an even number of rounds is between the two in the middle, not the better one', () => {
  expect([median([0.06, 0.03]), median([3, 1, 2]), median([4, 1, 3, 2]), median([5])]).toEqual([0.045, 2, 2.5, 5]);
});

it('the median of no rounds is no number, and no goal is met by it', () => {
  expect(median([])).toBeNaN();
  expect(median([]) >= 0 || median([]) <= 0).toBe(false);
});

it('a ratio is taken within a round: a machine that slows down for both says nothing', () => {
  // Of the medians alone it would be 100 / 40.
  expect(ratioOf([200, 100, 20], [100, 40, 10])).toBe(2);
});

it('a ratio of rounds that one of the two did not have is no number', () => {
  expect(ratioOf([200], [])).toBeNaN();
});

it('a percentile is a value that was measured', () => {
  const sorted = Array.from({ length: 100 }, (_, n) => n);
  expect([percentile(sorted, 0.5), percentile(sorted, 0.99), percentile(sorted, 1), percentile([7], 0.5)]).toEqual([
    50, 99, 99, 7,
  ]);
});

it('a spread has the least, the middle and the most', () => {
  expect(spreadOf([3, 1, 8])).toEqual({ min: 1, median: 3, max: 8 });
});

it('the exponent of growth is 1 for linear, 2 for quadratic and 0 for what stays', () => {
  const from = { size: 10, cost: 3 };
  const exponents = [3, 30, 300].map((cost) => exponentOf(from, { size: 100, cost }));
  expect(exponents.map((exponent) => exponent.toFixed(6))).toEqual(['0.000000', '1.000000', '2.000000']);
});
