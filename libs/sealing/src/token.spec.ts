import { describe, expect, it } from '@jest/globals';
import { isSealed, type Json } from '@countersign/contracts';
import { newToken, sealedTokensIn, tokensIn, withOpened } from './token.js';

const [one, two, three] = [newToken(), newToken(), newToken()];
const sealed = (token: string) => ({ $sealed: { token, class: 'personal' as const, box: 'b' } });
const value = { to: one, text: `Dear ${two}, not ${three}x`, list: [sealed(three), 7, null], [one]: 'a name' };

describe('tokens', () => {
  it('are new each time, and of the form a sealed value has', () => {
    expect(one).not.toBe(two);
    expect(isSealed(sealed(one))).toBe(true);
  });

  it('are found in sealed fields and in text; those of sealed fields alone where it matters', () => {
    expect(tokensIn(value)).toEqual([one, two, three]);
    expect(sealedTokensIn(value)).toEqual([three]);
  });

  it('become what they stand for: the value itself, or its text within a text', () => {
    const opened = new Map<string, Json>([
      [one, { iban: 'DE' }],
      [two, 'Dana $& $1'],
      [three, 12],
    ]);
    expect(withOpened(value, opened)).toEqual({
      ...{ to: { iban: 'DE' }, text: 'Dear Dana $& $1, not 12x', list: [12, 7, null], [one]: 'a name' },
    });
  });

  it('are opened once: a value that looks like a token is a value', () => {
    expect(withOpened(`${one} ${two}`, new Map([[one, two]]))).toBe(`${two} ${two}`);
    expect(withOpened({ a: sealed(one) }, new Map([[one, two]]))).toEqual({ a: two });
  });

  it('that nobody opened stay as they are', () => {
    expect(withOpened(value, new Map())).toBe(value);
    expect(withOpened(value, new Map([[newToken(), 'x']]))).toEqual(value);
  });
});
