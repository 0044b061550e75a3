import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { shapesIn } from './shapes.js';

const token = `tok_${'0a'.repeat(16)}`;
const found = (text: string) => shapesIn(text).map(({ value, dataClass }) => [value, dataClass]);
const hidden = (text: string): string => {
  let at = 0;
  const pieces = shapesIn(text).map(({ start, end }) => {
    const piece = text.slice(at, start) + token;
    at = end;
    return piece;
  });
  return pieces.join('') + text.slice(at);
};

describe('shapes in words (the numbers are those of shapes.ts)', () => {
  it.each([
    ['IBAN DE89370400440532013000.', 'DE89370400440532013000'],
    ['to DE89 3704 0044 0532 0130 00 please', 'DE89370400440532013000'],
    ['de89 3704 0044 0532 0130 00', 'DE89370400440532013000'],
    ['GB29-NWBK-6016-1331-9268-19', 'GB29NWBK60161331926819'],
    ['BE68 5390 0754 7034 and 18.00 EUR', 'BE68539007547034'],
    ['MT84MALT011000012345MTLCAST001S', 'MT84MALT011000012345MTLCAST001S'],
    ['my card 4111 1111 1111 1111, exp 12/29', '4111111111111111'],
    ['card:4111111111111111', '4111111111111111'],
    ['5555-5555-5555-4444', '5555555555554444'],
    ['3782 822463 10005', '378282246310005'],
    ['order 1234 4111 1111 1111 1111', '4111111111111111'],
  ])('an account or card is found however it is grouped: %s (1)', (text, value) => {
    expect(found(text)).toEqual([[value, 'financial']]);
  });

  it.each([
    ['write to dana@example.com.', 'dana@example.com'],
    ['<dana.o+x@mail.example.co.uk>', 'dana.o+x@mail.example.co.uk'],
    ["'dana@example.com'", 'dana@example.com'],
    ["dana@example.com's order", 'dana@example.com'],
    ["o'brien@example.com", "o'brien@example.com"],
    ['mailto:dana@bücher.de', 'dana@bücher.de'],
    ['a@b.com@c.com', 'a@b.com@c.com'],
    ['call +49 170 1234567!', '+491701234567'],
    ['(+49) 170/1234567', '+491701234567'],
    ['+1 (555) 123-4567', '+15551234567'],
    ['+1.555.123.4567', '+15551234567'],
    ['+491701234567', '+491701234567'],
    ['+49 170 1234567 2026-11-22', '+491701234567'],
  ])('an address or number of a person is found: %s (1)', (text, value) => {
    expect(found(text)).toEqual([[value, 'personal']]);
  });

  it.each([
    'Refund 18.00 EUR of ord_1001 (order 4711), please.',
    'orders 4001 4002 4003 4005, ord_4111111111111111',
    '2026-11-22T14:01:32.123+02:00 and 22.11.2026, 1763820060000',
    '114-1234567-1234567',
    '4 8 15 16 23 42 4 8 15 16',
    'DE89 3704 0044 0532 0130 01',
    '4111 1111 1111 1112',
    'lodash@4.17.21 @handle user@localhost 5@3.50',
    '+100.00 EUR, +1.234.567, +12 %, 1+12345678, +3',
    '0170 1234567',
    '550e8400-e29b-41d4-a716-446655440000',
    `${token} tok_short`,
    'at 20 apples for us and 3 pears for you',
  ])('nothing is found in: %s (2)', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('what overlaps is one, of the higher class (3)', () => {
    expect(found('DE89370400440532013000@example.com')).toEqual([['DE89370400440532013000@example.com', 'financial']]);
    expect(hidden('DE89 3704 0044 0532 0130 00@example.com')).toBe(token);
  });

  const piece = fc.oneof(
    fc.constantFrom('dana@example.com', 'DE89 3704 0044 0532 0130 00', 'GB29NWBK60161331926819', '4111 1111 1111 1111'),
    fc.constantFrom(
      '378282246310005',
      '+49 170 1234567',
      '+1 (555) 123-4567',
      token,
      'ord_1001',
      '18.00',
      '@x.com',
      '@',
    ),
    fc.constantFrom(' ', '.', '-', '_', "'", '+', '(', ',', '\n', 'a', '4', '@a.b', 'é', '%'),
    fc.string({ maxLength: 4 }),
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

  it('once replaced, none is left (3)', () => {
    fc.assert(
      fc.property(text, (words) => expect(found(hidden(words))).toEqual([])),
      { numRuns: 20_000 },
    );
  });

  it('between other words, each planted one is found, and the words stay (1)', () => {
    const planted = fc.constantFrom('dana@example.com', 'DE89370400440532013000', '4111111111111111', '+491701234567');
    const word = fc.constantFrom('please', 'refund', '18.00', 'EUR', 'ord_1001', 'on', '22.11.2026', 'für', '"ok"');
    const around = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(around, planted, around, (before, value, after) => {
        expect(hidden(`${before}; ${value}; ${after}`)).toBe(`${before}; ${token}; ${after}`);
      }),
    );
  });

  it.each(['a', 'a@b.c-', '@-', '4 ', '+1', '@', 'a@', '1.', 'DE89', "a'@b.c_", '4111 ', '+49 (', 'tok_'])(
    'a long text of %j is no more work than its length (4)',
    (unit) => {
      const timeOf = (length: number) => {
        const words = unit.repeat(length / unit.length);
        const start = performance.now();
        shapesIn(words);
        return performance.now() - start;
      };
      timeOf(1_000);
      expect(timeOf(256_000)).toBeLessThan(2_000);
    },
  );
});
