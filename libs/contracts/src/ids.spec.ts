import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deriveId, digest, intentIdOf, jcs } from './index.js';

describe('derived ids', () => {
  it('are what they were: rows and topics hold them', () => {
    expect(intentIdOf('acme', '/shop', 'req-1')).toBe('int_52cfac691dcc22e8617796950dde2b4c');
    expect(deriveId('evt', 'a', 1)).toBe('evt_d84a85cc0c97edc65ea365eaebc8dc8f');
  });

  it('differ where the parts differ, wherever they are cut', () => {
    expect(deriveId('x', 'ab', 'c')).not.toBe(deriveId('x', 'a', 'bc'));
    expect(deriveId('x', 'a\n1:b')).not.toBe(deriveId('x', 'a', 'b'));
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 4 }), fc.array(fc.string(), { maxLength: 4 }), (a, b) => {
        expect(deriveId('x', ...a) === deriveId('x', ...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('canonical JSON', () => {
  it('follows the example of RFC 8785, section 3.2.2', () => {
    const value = {
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000f\u000aA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(jcs(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('gives one digest whatever the order of keys', () => {
    expect(digest({ a: 1, b: [2] })).toBe(digest({ b: [2], a: 1 }));
    expect(digest({ a: 1 })).not.toBe(digest({ a: '1' }));
  });

  it('refuses what has no JSON form', () => {
    expect(() => jcs(undefined)).toThrow(TypeError);
  });
});
