import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified } from '@countersign/contracts';
import { contractFlaws, fieldAt } from './contract-flaws.js';
import {
  defineToolContract,
  fieldClasses,
  inputJsonSchema,
  parseInput,
  type PermissionMap,
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

const over = { when: 'over 50.00', over: '50.00', roles: ['lead'] };
const approvals = (of: PermissionMap['approvals']): Partial<ToolContract> => ({
  permissions: { roles: ['support-agent'], ...(of ? { approvals: of } : {}) },
});

describe('a tool contract', () => {
  it('is taken as it is and frozen', () => {
    expect(defineToolContract(contract())).toEqual(contract());
    expect(Object.isFrozen(defineToolContract(contract()))).toBe(true);
  });

  it('of somebody else may let nobody call it yet, and has as many optional inputs as it likes', () => {
    const optional = id.optional();
    const input = z.strictObject({ orderId: id, a: optional, b: optional, c: optional });
    expect(contractFlaws(contract({ imported: true, permissions: { roles: [] }, input }))).toEqual([]);
    expect(contractFlaws(contract({ permissions: { roles: [] }, input }))).toHaveLength(2);
  });

  it.each<[string, Partial<ToolContract>, string]>([
    ['a name that is not snake_case', { name: 'GetOrder' }, 'its name must be snake_case'],
    [
      'a subject nothing holds',
      { subject: 'orderId' },
      'subject names orderId, which is no field of a result, effect or record',
    ],
    ['no role', { permissions: { roles: [] } }, 'no role may call it'],
    ['an input that decides and is none', { decides: { to: 'recipient' } }, 'decides names to, which is no input'],
    [
      'an input that decides over nothing there is',
      { decides: { orderId: 'fate' as never } },
      'orderId decides over fate, which is none of recipient, destination, amount, target',
    ],
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
    [
      'an input that lets undeclared fields pass',
      { input: z.object({ orderId: id }) },
      'its input must be a z.strictObject: no field unseen',
    ],
    ...[
      {
        a: classified(
          'internal',
          z.string().transform((text) => `${text}0`),
        ),
      },
      { a: classified('internal', z.preprocess(Number, z.number())) },
      { a: classified('internal', z.date()) },
    ].map((shape): [string, Partial<ToolContract>, string] => [
      'an input that changes on its way',
      { input: z.strictObject(shape) },
      'its input has no JSON Schema: no transforms, dates or types of your own',
    ]),
    ['no permission map', { permissions: undefined as never }, 'it has no permission map'],
    ['a permission map without roles', { permissions: {} as never }, 'it has no permission map'],
    [
      'restricted records for roles that may not call it',
      { permissions: { roles: ['support-agent'], restricted: ['support-agent', 'admin'] } },
      'restricted roles may not call it: admin',
    ],
    ['approvals of no input', approvals({ amount: over }), 'approvals name amount, which is no input'],
    ['approvals without words', approvals({ orderId: { ...over, when: '' } }), 'approvals of orderId say no `when`'],
    [
      'approvals by nobody',
      approvals({ orderId: { ...over, roles: [] } }),
      'approvals of orderId name no role that may give it',
    ],
    [
      'approvals of no value',
      approvals({ orderId: { when: 'some', roles: ['lead'] } }),
      'approvals of orderId need one of over, oneOf and always',
    ],
    [
      'approvals of two kinds',
      approvals({ orderId: { ...over, always: true } }),
      'approvals of orderId need one of over, oneOf and always',
    ],
    [
      'approvals over what is no decimal',
      approvals({ orderId: { ...over, over: '50,00' } }),
      'approvals of orderId are over what is no decimal',
    ],
    [
      'approvals of an empty list',
      approvals({ orderId: { when: 'one', roles: ['lead'], oneOf: [] } }),
      'approvals of orderId name no value',
    ],
    [
      'approvals by no person',
      approvals({ orderId: { ...over, approvals: 0 } }),
      'approvals of orderId ask for nobody',
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

  it('takes a token for a hidden text whatever form that has, and for no other', () => {
    const token = `tok_${'0a'.repeat(16)}`;
    const input = z
      .strictObject({ to: classified('personal', z.email()), orderId: classified('internal', z.literal('ord_1')) })
      .refine(({ orderId }) => orderId.length < 9);
    const parse = (args: object) => parseInput(contract({ input }), args);
    expect(parse({ to: token, orderId: 'ord_1' })).toEqual({ ok: true, value: { to: token, orderId: 'ord_1' } });
    expect(parse({ to: 'dana', orderId: 'ord_1' })).toMatchObject({ ok: false, problems: [{ path: 'to' }] });
    expect(parse({ to: token, orderId: token })).toMatchObject({ ok: false, problems: [{ path: 'orderId' }] });
    expect(parse({ to: token, orderId: 'ord_1', more: token })).toMatchObject({ ok: false });
    expect(parse({ to: `${token} x`, orderId: 'ord_1' })).toMatchObject({ ok: false });
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

  it.each([
    ['total', true],
    ['lines.sku', true],
    ['buyer.name', true],
    ['lines.nothing', false],
    ['lines.sku.more', false],
    ['constructor', false],
  ])('knows the field %s: %s', (path, isThere) => {
    const buyer = z.object({ name: id }).nullable().optional();
    const output = z.object({ total: id, lines: z.array(z.object({ sku: id })).default([]), buyer });
    expect(fieldAt(output, path) !== undefined).toBe(isThere);
  });
});
