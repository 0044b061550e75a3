import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified } from '@countersign/contracts';
import {
  contractFlaws,
  defineToolContract,
  fieldClasses,
  inputJsonSchema,
  parseInput,
  type ToolContract,
} from './contract.js';

const id = classified('internal', z.string().min(1).describe('Id of the order'));
const contract = (change: Partial<ToolContract> = {}): ToolContract => ({
  name: 'get_order',
  version: '1.0.0',
  description: 'Reads one order.',
  effect: 'read',
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ orderId: id }),
  output: z.object({ total: classified('internal', z.string()) }),
  permissions: { roles: ['support-agent'] },
  ...change,
});

describe('a tool contract', () => {
  it('is taken as it is and frozen', () => {
    expect(defineToolContract(contract())).toEqual(contract());
    expect(Object.isFrozen(defineToolContract(contract()))).toBe(true);
  });

  it.each<[string, Partial<ToolContract>, string]>([
    ['a name that is not snake_case', { name: 'GetOrder' }, 'its name must be snake_case'],
    ['no role', { permissions: { roles: [] } }, 'no role may call it'],
    ['a write without a class', { effect: 'write' }, 'it changes state and names no effect class'],
    ['an egress without a class', { effect: 'egress' }, 'it changes state and names no effect class'],
    ['an input without a data class', { input: z.strictObject({ a: z.string() }) }, 'input field a has no data class'],
    [
      'an output whose inner field has none',
      { output: z.object({ lines: z.array(z.object({ sku: z.string() })) }) },
      'output field lines[].sku has no data class',
    ],
    ['a preview without one', { preview: z.object({ sum: z.string() }) }, 'preview field sum has no data class'],
    [
      'a record it changes without one',
      { records: { order: z.object({ note: z.string().optional() }) } },
      'record order field note has no data class',
    ],
    [
      'three optional inputs',
      { input: z.strictObject({ a: id.optional(), b: id.optional(), c: id.default('x') }) },
      'more than two optional inputs (a, b, c)',
    ],
  ])('with %s is not fit', (_, change, flaw) => {
    expect(contractFlaws(contract(change))).toEqual([flaw]);
    expect(() => defineToolContract(contract(change))).toThrow(flaw);
  });

  it('names all its flaws at once', () => {
    const many = contract({ name: 'X', permissions: { roles: [] }, effect: 'write' });
    expect(() => defineToolContract(many)).toThrow(/snake_case; no role may call it; it changes state/);
  });

  it('says field by field what does not fit', () => {
    expect(parseInput(contract(), { orderId: 'ord_1' })).toEqual({ ok: true, value: { orderId: 'ord_1' } });
    expect(parseInput(contract(), { orderId: '', more: 1 })).toEqual({
      ok: false,
      problems: [
        { path: 'orderId', message: expect.any(String) },
        { path: '(arguments)', message: expect.stringContaining('more') },
      ],
    });
    expect(parseInput(contract(), null)).toMatchObject({ ok: false });
  });

  it('shows a model its input as JSON Schema', () => {
    expect(inputJsonSchema(contract())).toEqual({
      type: 'object',
      properties: { orderId: { type: 'string', minLength: 1, description: 'Id of the order' } },
      required: ['orderId'],
      additionalProperties: false,
    });
  });

  it('counts a field without a class as secret', () => {
    expect(fieldClasses(z.object({ id, note: z.string() }))).toEqual({ id: 'internal', note: 'secret' });
  });
});
