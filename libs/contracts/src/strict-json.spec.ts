import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_DEPTH, MAX_VALUE_BYTES, parseStrictJson, Poison } from './strict-json.js';

const read = (text: string) => parseStrictJson(Buffer.from(text, 'utf8'));
function reasonOf(bytes: Uint8Array): string {
  try {
    parseStrictJson(bytes);
    return 'none';
  } catch (error) {
    if (error instanceof Poison) return error.reason;
    throw error;
  }
}
const reason = (text: string) => reasonOf(Buffer.from(text, 'utf8'));
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('strict JSON', () => {
  it('gives the value and the text as it stood', () => {
    expect(read(' {"a": [1, "b\\n", null]} ')).toEqual({
      text: ' {"a": [1, "b\\n", null]} ',
      value: { a: [1, 'b\n', null] },
    });
  });

  it.each(['dana', '{"name": dana}', `{"a": "${'x'.repeat(100)}", "name": dana}`])(
    'quotes nothing of what is no JSON: %#',
    (text) => {
      expect(() => read(text)).toThrow(/^NOT_JSON: it is no JSON(?! .*dana)/);
      expect(() => read(text)).not.toThrow('dana');
    },
  );

  it.each(['1e999', '[-1e400]', '{"a":' + '9'.repeat(400) + '}'])('refuses a number no double can hold: %#', (text) => {
    expect(reason(text)).toBe('NOT_JSON');
  });

  it.each([
    ['plain', '{"a":1,"a":2}'],
    ['escaped', '{"a":1,"\\u0061":2}'],
    ['escaped both times, in other words', '{"\\u00e9":1,"\\u00E9":2}'],
    ['a quote in it', '{"a\\"b":1,"a\\u0022b":2}'],
    ['a backslash at its end', '{"a\\\\":1,"a\\\\":2}'],
    ['deep inside', '[{"x":{"a":1,"b":[{}],"a":2}}]'],
    ['__proto__', '{"__proto__":1,"__proto__":2}'],
    ['after values that look like keys', '{"a":"b","b":"a","a":1}'],
  ])('refuses a key that stands twice: %s', (_, text) => {
    expect(reason(text)).toBe('DUPLICATE_KEY');
  });

  it.each([
    '{"a":{"a":1},"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":["a","a"]}',
    '{"a":"a","b":"a"}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":"\\\\","b":"x"}',
  ])('lets pass the same key in other places: %s', (text) => {
    expect(read(text).value).toEqual(JSON.parse(text));
  });

  it('refuses what is nested too deep, and does not fall over what is nested very deep', () => {
    expect(reason(nested(MAX_DEPTH))).toBe('none');
    expect(reason(nested(MAX_DEPTH + 1))).toBe('TOO_DEEP');
    expect(reason('['.repeat(500_000))).toBe('TOO_DEEP');
    expect(reason('{"a":'.repeat(100_000))).toBe('TOO_DEEP');
    expect(reason(`"${'['.repeat(1_000)}"`)).toBe('none');
  });

  it('refuses what is too large, by bytes and not by characters', () => {
    const text = (bytes: number) => `"${'é'.repeat((bytes - 2) / 2)}"`;
    expect(reason(text(MAX_VALUE_BYTES))).toBe('none');
    expect(reason(text(MAX_VALUE_BYTES + 2))).toBe('TOO_LARGE');
  });

  it.each([
    ['a lone continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['half a surrogate pair', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a cut character', [0x22, 0xe2, 0x82, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00]],
  ])('refuses what is not UTF-8: %s', (_, bytes) => {
    expect(reasonOf(Uint8Array.from(bytes))).toBe('NOT_UTF8');
  });

  it.each(['', '{', '{"a":1,}', "{'a':1}", 'NaN', '{"a":1} x', '{"a" 1}', '"\n"', '{"a":01}', '{"a":1,"a":2'])(
    'refuses what is not JSON: %j',
    (text) => {
      expect(reason(text)).toBe('NOT_JSON');
    },
  );

  it('accepts whatever JSON.stringify makes of a value, and reads the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.nat(4), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(read(text).value).toEqual(JSON.parse(text));
      }),
    );
  });

  it('finds any key written twice, however it is escaped', () => {
    const escaped = (key: string) =>
      `"${[...Array(key.length).keys()].map((i) => `\\u${key.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`;
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 }),
        fc.string(),
        (object, other) => {
          const key = Object.keys(object)[0] ?? other;
          const whole = JSON.stringify(object);
          expect(reason(`${whole.slice(0, -1)},${escaped(key)}:1}`)).toBe('DUPLICATE_KEY');
        },
      ),
    );
  });

  it('throws nothing but Poison, whatever bytes come', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typeof reasonOf(bytes) === 'string'));
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'u', '0', 'a', ' ') }),
        (text) => typeof reason(text) === 'string',
      ),
    );
  });
});
