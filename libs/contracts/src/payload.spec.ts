import { describe, expect, it } from '@jest/globals';
import { jcs } from './canonical.js';
import { cut, MAX_PAYLOAD_DEPTH, payloadFlaw, wellFormed } from './payload.js';
import type { Json } from './canonical.js';

const nested = (depth: number): Json => (depth === 0 ? 'x' : { in: nested(depth - 1) });

describe('what events carry', () => {
  it('is cut between characters, so that its canonical form exists', () => {
    const text = cut('ab😀', 3);
    expect(text).toBe('ab\ufffd');
    expect(jcs(text)).toBe('"ab\ufffd"');
  });

  it('may be nested so deep and not one deeper', () => {
    expect(payloadFlaw(nested(MAX_PAYLOAD_DEPTH))).toBeUndefined();
    expect(payloadFlaw(nested(MAX_PAYLOAD_DEPTH + 1))).toContain('too deep');
    expect(payloadFlaw(JSON.parse('['.repeat(200_000) + ']'.repeat(200_000)))).toContain('too deep');
  });

  it.each([[{ a: ['\ud83d'] }], [{ '\udc00': 1 }], [{ a: Infinity }], ['\ud800']])('%j cannot travel', (value) => {
    expect(payloadFlaw(value)).toBeDefined();
    expect(() => jcs(value)).toThrow();
  });

  it('is made well-formed, keys too, and nothing else is changed', () => {
    const value = { 'a\ud83d': ['\udc00b', 1, null, true], ok: '😀' };
    expect(wellFormed(value)).toEqual({ 'a\ufffd': ['\ufffdb', 1, null, true], ok: '😀' });
  });
});
