import { describe, expect, it } from '@jest/globals';
import { ENCODINGS, written } from './encodings.js';
import { Needles } from './needles.js';
import { SHAPED, Values, type Kind } from './values.js';

const KINDS: Kind[] = [...SHAPED, 'name', 'address'];

describe('looking for personal values (the numbers are those of needles.ts)', () => {
  const values = new Values(11);
  const made = KINDS.flatMap((kind) => Array.from({ length: 20 }, () => values.next(kind)));
  const needles = new Needles(made);
  const found = (text: string) => needles.in('here', text).map(({ value }) => value.plain);

  it.each(ENCODINGS)('finds each value as %s, between other things (1)', (encoding) => {
    for (const value of made) {
      const text = written(value, encoding);
      expect(found(`x ${text}, y`)).toEqual([value.plain]);
      expect(found(JSON.stringify({ deep: JSON.stringify([text]) }))).toEqual([value.plain]);
    }
  });

  it.each([0, 1, 2])('finds each value in the middle of base64, %i bytes in (1)', (skip) => {
    for (const value of made) {
      const whole = Buffer.from(`${'{"a'.slice(0, skip)}${value.plain}", "b": 1}`);
      expect(found(whole.toString('base64'))).toEqual([value.plain]);
      expect(found(whole.toString('base64url'))).toEqual([value.plain]);
    }
  });

  it('finds nothing where none of them stands', () => {
    const others = new Values(12);
    const text = KINDS.flatMap((kind) => Array.from({ length: 200 }, () => others.next(kind).grouped)).join(' ');
    expect(found(`${text} ${Buffer.from(text).toString('base64')}`)).toEqual([]);
  });

  it('gives valid values, and no value twice', () => {
    expect(new Set(made.map(({ plain }) => plain)).size).toBe(made.length);
    const again = new Values(11);
    expect(KINDS.flatMap((kind) => Array.from({ length: 20 }, () => again.next(kind)))).toEqual(made);
  });
});
