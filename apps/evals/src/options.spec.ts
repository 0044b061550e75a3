import { describe, expect, it } from '@jest/globals';
import { Help, optionsOf, WrongUsage } from './options.js';

describe('a command line', () => {
  it('of nothing runs all cases as they were recorded', () => {
    expect(optionsOf([])).toMatchObject({
      ...{ workflow: [], case: [], tag: [] },
      model: 'recorded',
      repeat: 1,
      boundary: true,
    });
  });

  it('is taken as it says', () => {
    const given = ['--case', 'a', '--case', 'b', '--repeat', '5', '--no-boundary', '--prices', 'EUR:2.50:10'];
    expect(optionsOf(given)).toMatchObject({
      ...{ case: ['a', 'b'], repeat: 5, boundary: false },
      prices: { currency: 'EUR', promptPerMillion: '2.50', completionPerMillion: '10' },
    });
  });

  it.each([
    ['--model', 'other'],
    ['--repeat', '0'],
    ['--repeat', '1.5'],
    ['--concurrency', 'many'],
    ['--prices', '2.50'],
    ['--bogus'],
    ['a-file.yaml'],
  ])('that means nothing is said to: %s %s', (...given) => {
    expect(() => optionsOf(given)).toThrow(WrongUsage);
  });

  it('may ask for help', () => {
    expect(() => optionsOf(['--help'])).toThrow(Help);
  });
});
