import { describe, expect, it } from '@jest/globals';
import { NoAnswer, ToolRefusal } from '@countersign/tool-sdk';
import { detailOf, misfit, plainly, refusalOf } from './said.js';

const token = `tok_${'0a'.repeat(16)}`;
const tell = (text: string) => text.replaceAll('Dana', token);
const words = 'Dana (dana@example.com) has the order ord_1001 of 18.00 EUR already';
const shown = `${token} ([personal]) has the order ord_1001 of 18.00 EUR already`;

describe("a target's words", () => {
  it('show tokens for opened values and nothing of known shapes, whatever they are said for', () => {
    expect(refusalOf(new ToolRefusal('NOT_FOUND', words, words), tell)).toMatchObject({
      detail: shown,
      nextStep: shown,
    });
    expect(misfit([{ path: 'to', message: words }], tell).detail).toBe(`to: ${shown}`);
    expect(detailOf(new NoAnswer(words), tell)).toBe(shown);
    expect(detailOf(new NoAnswer('it answered 503'), plainly)).toBe('it answered 503');
  });
});
