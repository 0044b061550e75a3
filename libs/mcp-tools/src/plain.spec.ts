import { describe, expect, it } from '@jest/globals';
import { plain } from './plain.js';

describe("a server's words", () => {
  it('are bounded, whole, and without what nobody sees', () => {
    expect(plain('a\u200bb\u202ec\u0007d\u{e0041}e\ufe0f\u{e0101}\u00ad', 100)).toBe('abcde');
    expect(plain('x'.repeat(9), 3)).toBe('xxx');
    expect(plain('ab\ud83d\ude00', 3).isWellFormed()).toBe(true);
    expect(plain('two\nlines', 100)).toBe('two\nlines');
  });
});
