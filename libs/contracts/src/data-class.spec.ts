import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified, DATA_CLASSES, dataClassOf, EVENTS, isSealed, withoutBoxes } from './index.js';

/** Paths of the leaves of a schema that no class was given to. */
function unclassified(schema: z.ZodType, path: string): string[] {
  if (dataClassOf(schema)) return [];
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.shape).flatMap(([name, field]) => unclassified(field as z.ZodType, `${path}.${name}`));
  if (schema instanceof z.ZodArray) return unclassified(schema.element as z.ZodType, `${path}[]`);
  if (schema instanceof z.ZodRecord) return unclassified(schema.valueType as z.ZodType, `${path}{}`);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return unclassified(schema.unwrap() as z.ZodType, path);
  return [path];
}

describe('data classes', () => {
  it.each(Object.entries(EVENTS))('every leaf of %s has one', (_, { data }) => {
    expect(unclassified(data, 'data')).toEqual([]);
  });

  it('a leaf without one is found, at any depth', () => {
    const schema = z.strictObject({
      a: z.array(z.strictObject({ b: z.string().optional(), c: classified('public', z.string()) })),
      d: z.record(z.string(), z.number()),
    });
    expect(unclassified(schema, 'data')).toEqual(['data.a[].b', 'data.d{}']);
  });

  it.each(DATA_CLASSES)('%s goes on through optional, nullable, default and a narrower form', (dataClass) => {
    const schema = classified(dataClass, z.string());
    const forms = [
      schema,
      schema.optional(),
      schema.nullable(),
      schema.default('x'),
      schema.max(3),
      schema.min(1).optional(),
    ];
    expect(forms.map((form) => dataClassOf(form))).toEqual(forms.map(() => dataClass));
  });

  it('classifying leaves the schema it was given as it was', () => {
    const plain = z.string();
    classified('secret', plain);
    expect(dataClassOf(plain)).toBeUndefined();
  });
});

describe('a sealed value', () => {
  const sealed = { $sealed: { token: 'tok_0123456789', class: 'personal' } };
  it('without its box keeps token and class; nothing else changes', () => {
    const bare = { $sealed: { token: 'tok_12345678', class: 'personal' as const } };
    const boxed = { $sealed: { ...bare.$sealed, box: 'box' } };
    expect(withoutBoxes({ a: [boxed], box: 'box', c: null })).toEqual({ a: [bare], box: 'box', c: null });
  });

  it('is told from any other', () => {
    expect(isSealed(sealed)).toBe(true);
    expect(isSealed({ $sealed: { ...sealed.$sealed, box: 'AAEC' } })).toBe(true);
    for (const other of [
      null,
      'tok_0123456789',
      [sealed],
      { ...sealed, also: 1 },
      { $sealed: { token: 'x', class: 'personal' } },
      { $sealed: { ...sealed.$sealed, class: 'public' } },
    ]) {
      expect(isSealed(other)).toBe(false);
    }
  });
});
