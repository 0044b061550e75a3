import { describe, expect, it } from '@jest/globals';
import { dataClassOf } from '@countersign/contracts';
import { contractFlaws } from '@countersign/tool-sdk';
import { z } from 'zod';
import { inputOf, plain } from './input-schema.js';

const schema = {
  type: 'object',
  properties: {
    to: { type: 'string', description: 'x'.repeat(1_000) },
    count: { type: 'integer', minimum: 1, default: 3 },
    kind: { enum: ['a', 'b'] },
    either: { anyOf: [{ type: 'string' }, { type: 'null' }], default: null },
    place: { $ref: '#/$defs/place' },
    tags: { type: 'array', items: { type: 'string' } },
  },
  required: ['to', 'place'],
  $defs: { place: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
};
const classOf = (name: string) => (name === 'to' ? 'personal' : 'internal');
const valid = { to: 'dana', place: { city: 'Bonn' } };

describe("a server's schema, as arguments are parsed by it", () => {
  const input = inputOf(schema, classOf);
  const takes = (args: unknown) => input.safeParse(args).success;

  it('takes what it says, and leaves its defaults to the server', () => {
    expect(input.parse(valid)).toEqual(valid);
    expect(takes({ ...valid, count: 2, kind: 'a', either: null, tags: ['x'] })).toBe(true);
  });

  it.each<[string, object]>([
    ['without what it requires', { to: 'dana' }],
    ['with a field it does not name', { ...valid, extra: 1 }],
    ['of another type', { ...valid, count: '2' }],
    ['below its bound', { ...valid, count: 0 }],
    ['outside its list', { ...valid, kind: 'c' }],
    ['wrong inside a reference', { ...valid, place: {} }],
    ['with a text without an end', { ...valid, to: 'x'.repeat(20_001) }],
    ['with one in a list', { ...valid, tags: ['x'.repeat(20_001)] }],
  ])('takes nothing %s', (_, args) => {
    expect(takes(args)).toBe(false);
  });

  it('has a class for each input, and a schema a model can be shown, briefly', () => {
    expect(Object.values(input.shape).map((field) => dataClassOf(field))).toEqual([
      'personal',
      ...Array.from({ length: 5 }, () => 'internal'),
    ]);
    expect(JSON.stringify(z.toJSONSchema(input, { io: 'input' })).length).toBeLessThan(1_500);
    expect(contractFlaws(contractWith(input))).toEqual([]);
  });

  it('is refused where it cannot be checked', () => {
    expect(() => inputOf({ type: 'object', properties: { a: { $dynamicRef: '#x' } } }, classOf)).toThrow(
      'nobody can check',
    );
    expect(() => inputOf({ type: 'object', properties: { a: { $ref: '#/$defs/none' } } }, classOf)).toThrow();
  });
});

function contractWith(input: z.ZodObject) {
  const output = z.object({});
  const rest = { name: 't', version: '1', description: 'd', effect: 'read', reversible: true, target: 'x' } as const;
  return { ...rest, input, output, foreign: true as const, permissions: { roles: [] } };
}

describe("a server's words", () => {
  it('are bounded, whole, and without what nobody sees', () => {
    expect(plain('a\u200bb\u202ec\u0007d\u{e0041}e', 100)).toBe('abcde');
    expect(plain('x'.repeat(9), 3)).toBe('xxx');
    expect(plain('ab\ud83d\ude00', 3).isWellFormed()).toBe(true);
    expect(plain('two\nlines', 100)).toBe('two\nlines');
  });
});
