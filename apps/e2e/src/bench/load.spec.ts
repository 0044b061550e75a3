import { expect, it } from '@jest/globals';
import { median } from './load.js';

it('the median of an even number of rounds is between the two in the middle, not the better one', () => {
  expect([median([0.06, 0.03]), median([3, 1, 2]), median([4, 1, 3, 2]), median([5])]).toEqual([0.045, 2, 2.5, 5]);
});
