import { describe, expect, it } from '@jest/globals';
import { dataClassOf } from '@countersign/contracts';
import { contractFlaws } from '@countersign/tool-sdk';
import { z } from 'zod';
import { inputOf } from './input-schema.js';

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

  it.each<[string, object, unknown]>([
    [
      'names in a record that it does not give',
      { type: 'object', properties: { a: { type: 'string' } } },
      { a: 'x', b: 1 },
    ],
    ['a text without an end, one of two types', { type: ['string', 'null'] }, 'x'.repeat(20_001)],
    ['what a record lacks', { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] }, {}],
  ])('takes nothing with %s', (_, schema, value) => {
    const one = inputOf({ type: 'object', properties: { it: schema } }, classOf);
    expect(one.safeParse({ it: value }).success).toBe(false);
  });

  it('knows a property that is called like a keyword, and leaves the defaults inside to the server', () => {
    const properties = { title: { type: 'string' }, description: { type: 'string', default: 'srv' } };
    const one = inputOf(
      { type: 'object', properties: { issue: { type: 'object', properties, required: ['title'] } } },
      classOf,
    );
    expect(one.parse({ issue: { title: 'x' } })).toEqual({ issue: { title: 'x' } });
  });

  it('leaves regular expressions to the server, which might be slow on purpose', () => {
    const slow = { type: 'string', pattern: '^(a+)+$' };
    const names = { type: 'object', propertyNames: slow, additionalProperties: true, allOf: [{ propertyNames: slow }] };
    const one = inputOf({ type: 'object', properties: { a: slow, b: names } }, classOf);
    const began = performance.now();
    const long = `${'a'.repeat(40)}!`;
    expect(one.safeParse({ a: long, b: { [long]: 1 } }).success).toBe(true);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it.each([
    ['itself', { a: { anyOf: [{ $ref: '#/$defs/a' }, { type: 'string' }] } }],
    ['another that leads back', { a: { $ref: '#/$defs/b' }, b: { items: { $ref: '#/$defs/a' } } }],
  ])('is refused where it leads back to %s', (_, $defs) => {
    const leading = { type: 'object', properties: { x: { $ref: '#/$defs/a' } }, $defs };
    expect(() => inputOf(leading, classOf)).toThrow('refers to itself');
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
  return { ...rest, input, output, imported: true as const, permissions: { roles: [] } };
}
