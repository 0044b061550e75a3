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
      { numRuns: 5_000 },
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

  const each = (text: string, of: (byte: number) => string) => [...Buffer.from(text)].map(of).join('');
  const WRITTEN: Record<string, (text: string) => string> = {
    'percent-encoded': encodeURIComponent,
    'percent-encoded, all of it': (text) => each(text, (byte) => `%${byte.toString(16).padStart(2, '0')}`),
    'percent-encoded twice': (text) => encodeURIComponent(encodeURIComponent(text)),
    'HTML entities': (text) => each(text, (byte) => `&#${byte};`),
    'HTML entities in hex': (text) => each(text, (byte) => `&#x${byte.toString(16)};`),
    'HTML entities of entities': (text) => each(text, (byte) => `&amp;#${byte};`),
    'a named entity': (text) => text.replaceAll('@', '&commat;').replaceAll('+', '&plus;').replaceAll('.', '&period;'),
    '\\u escapes': (text) => each(text, (byte) => `\\u${byte.toString(16).padStart(4, '0')}`),
    '\\u escapes in JSON in JSON': (text) => each(text, (byte) => `\\\\u{${byte.toString(16)}}`),
    '\\x escapes': (text) => each(text, (byte) => `\\x${byte.toString(16)}`),
    'full width': (text) => each(text, (byte) => String.fromCharCode(byte === 32 ? 0x3000 : byte + 0xfee0)),
    'nobody sees': (text) => [...text].join('\u200b'),
    'soft hyphens': (text) => [...text].join('\u00ad\u2060'),
    base64: (text) => Buffer.from(text).toString('base64'),
    base64url: (text) => Buffer.from(text).toString('base64url'),
    hex: (text) => Buffer.from(text).toString('hex'),
    'hex in capitals': (text) => Buffer.from(text).toString('hex').toUpperCase(),
    'base64 of base64': (text) => Buffer.from(Buffer.from(text).toString('base64')).toString('base64'),
    'base64 of percent-encoded': (text) => Buffer.from(encodeURIComponent(text)).toString('base64'),
  };
  const PLAIN = ['dana@example.com', 'DE89370400440532013000', '4111111111111111', '+491701234567'];

  it.each(Object.keys(WRITTEN))(
    'are found and have the same value where they are written otherwise: %s (5, 6)',
    (how) => {
      for (const plain of PLAIN) {
        const written = WRITTEN[how]!(plain);
        expect(found(`tell ${written}, please`).map(([value]) => value)).toEqual([plain]);
        expect(hidden(`tell ${written}, please`)).not.toContain(written.slice(1, -1));
      }
    },
  );

  it.each(PLAIN)('%s is hidden after a line break in JSON (5)', (plain) => {
    expect(hidden(JSON.stringify(`to\n${plain}\nplease`))).toMatch(/^"to\\n?tok_[0-9a-f]{32}\\nplease"$/);
  });

  it.each(['', 'a', 'ab', 'abc', '{"who": "'])(
    'in the middle of a run of base64 or hex, after %j, the whole run is hidden (6)',
    (before) => {
      for (const plain of PLAIN)
        for (const how of ['base64', 'base64url', 'hex'] as const)
          for (const bytes of [
            Buffer.from(`${before} ${plain}", "n": 1}`),
            Buffer.concat([Buffer.from([0, 200, 7]), Buffer.from(`${before} ${plain} `), Buffer.from([0, 255])]),
          ]) {
            expect(hidden(`/${bytes.toString(how)} `)).toMatch(/^\/?tok_[0-9a-f]{32} $/);
            expect(hidden(`key${before.replace(/\W/g, '')}/${bytes.toString(how)} `)).not.toContain(
              bytes.toString(how),
            );
          }
    },
  );

  const random = fc.uint8Array({ minLength: 6, maxLength: 64 }).map((bytes) => Buffer.from(bytes));
  it('digests, signatures and ids are no shapes (2, 6)', () => {
    const written = fc.tuple(random, fc.constantFrom('base64', 'base64url', 'hex'));
    fc.assert(
      fc.property(written, ([bytes, how]) => expect(found(`x ${bytes.toString(how as 'hex')} y`)).toEqual([])),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['my SSN is 078-05-1120', '078051120'],
    ['ssn: 078051120', '078051120'],
    ['NINO QQ 12 34 56 C? no: AB 12 34 56 C', 'AB123456C'],
    ['AB123456C', 'AB123456C'],
    ['DNI 12345678Z', '12345678Z'],
    ['12.345.678-Z', '12345678Z'],
    ['X1234567L', 'X1234567L'],
    ['dni: 12345678z', '12345678Z'],
    ['{"bsn":"111222333"}', '111222333'],
    ['BSN 1112.22.333', '111222333'],
    ['Steuer-ID: 86 095 742 719', '86095742719'],
    ['steueridentifikationsnummer 86095742719', '86095742719'],
    ['passport no. C01X00T47', 'C01X00T47'],
    ['Reisepass: C01X00T478', 'C01X00T478'],
    ['passport number is 123456789', '123456789'],
  ])('a number by which a state knows a person is found: %s (7)', (text, value) => {
    expect(found(text)).toEqual([[value, 'personal']]);
  });

  it.each([
    ...['078051120', '000-12-3456', '666-12-3456', '912-12-3456', '123-00-4567', '123-45-0000', 'order 1078-05-1120-3'],
    ...['12345678A', '20260101Z', '20260101T', 'X1234567A', 'x1234567l', 'BG123456C', 'ab123456c', 'QQ123456C'],
    ...['111222333', 'bsn 111222334', '86095742719', 'Steuer-ID 86095742718', 'C01X00T47', 'passport please, 3 pages'],
    ...['passport of ord_1001', 'amount 12.345,67', 'tracking 1Z999AA10123456784', '2026-11-22', 'in 2026-11-2210'],
  ])('no number of a person is found in: %s (2, 7)', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('an id that begins as an account of a country would, and fits its checksum by chance, is none (2)', () => {
    expect(found('ee58a0f8-40d2-2c99-bac8-000000000000')).toEqual([]);
  });

  it('order ids, amounts, dates and versions of any kind are none (2, 7)', () => {
    const id = fc.tuple(
      fc.constantFrom('ord_', 'INV-', 'RMA', '#', 'SO-2026-'),
      fc.integer({ min: 1, max: 99_999_999 }),
    );
    const amount = fc.double({ min: 0, max: 1e9, noNaN: true }).map((value) => `${value.toFixed(2)} EUR`);
    const date = fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true });
    const dates = date.map((at) =>
      [at.toISOString(), at.toISOString().slice(0, 10), at.toISOString().replace(/[-:]|\.\d+/g, '')].join(' '),
    );
    const version = fc.tuple(fc.nat(99), fc.nat(9999), fc.nat(99_999)).map((parts) => `v${parts.join('.')}`);
    const harmless = fc.oneof(
      id.map((parts) => parts.join('')),
      amount,
      dates,
      version,
      fc.uuid(),
      fc.nat(999_999_999).map(String),
    );
    fc.assert(
      fc.property(fc.array(harmless, { maxLength: 6 }), (words) => expect(found(words.join(', '))).toEqual([])),
      { numRuns: 1_000 },
    );
  });

  const LONG = [
    '%41',
    '%',
    '&#64;',
    '&amp;',
    '&',
    '\\u0040',
    '\\',
    'Ａ',
    '\u200b',
    'A1',
    'aB1+',
    '0a',
    'ZGFu',
    'ssn ',
    'passport no ',
    '12.345.',
    '-00-',
  ];
  it.each(['a', 'a@b.c-', '@-', '4 ', '+1', '@', 'a@', '1.', 'DE89', "a'@b.c_", '4111 ', '+49 (', 'tok_', ...LONG])(
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
