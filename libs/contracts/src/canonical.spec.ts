import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { jcs } from './index.js';

const outcome = (write: () => string | undefined): string => {
  try {
    return write() ?? 'thrown';
  } catch {
    return 'thrown';
  }
};

describe('canonical JSON', () => {
  it('is what the reference writes, for every value JSON can carry', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(jcs(value)).toBe(canonicalize(value));
      }),
    );
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  it.each<[string, unknown]>([
    ['keys that are numbers', { b: 1, 10: 'x', 9: 'y', a: { 2: 1, 1: 2 } }],
    [
      'keys by UTF-16 code units',
      { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 },
    ],
    ['a key named __proto__', JSON.parse('{"z":1,"__proto__":{"a":2}}')],
    ['a lone surrogate', { a: '\ud800' }],
    ['a lone surrogate as a key', { '\udead': 1 }],
    ['words that look like an escape', { a: '\\ud800', b: '\u0000\u001f\u2028' }],
    ['not a number', { a: [Number.NaN] }],
    ['infinity', { a: Number.POSITIVE_INFINITY }],
    ['numbers', [-0, 1e21, 1e-7, 333333333.33333329, 5e-324, 0.1 + 0.2]],
    ['what JSON leaves out', { b: undefined, a: [undefined, () => 1], c: null }],
    ['a date', { at: new Date(0) }],
    ['an object without prototype', Object.assign(Object.create(null), { b: 1, a: 2 })],
    ['a boxed string', { a: new String('x') }],
    ['itself', cycle],
  ])('is what the reference writes or refuses: %s', (_, value) => {
    expect(outcome(() => jcs(value))).toBe(outcome(() => canonicalize(value)));
  });
});
