import { describe, expect, it } from '@jest/globals';
import { maskWords } from './words.js';

describe('masked words', () => {
  it('show of known shapes their class alone: in texts, names and long numbers', () => {
    const said = {
      text: 'to DE89370400440532013000, dana@example.com',
      'dana@example.com': [4111111111111111, 7, null],
    };
    expect(maskWords(said)).toEqual({ text: 'to [financial], [personal]', '[personal]': ['[financial]', 7, null] });
  });

  it('are as they were where there is nothing to hide, and masked once', () => {
    const plain = { orderId: 'ord_1001', amount: '18.00', at: 1763820060000, deep: [true, { x: '2026-11-22' }] };
    expect(maskWords(plain)).toEqual(plain);
    const masked = maskWords('dana@example.com +491701234567');
    expect(maskWords(masked)).toBe(masked);
  });
});
