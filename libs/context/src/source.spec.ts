import { describe, expect, it } from '@jest/globals';
import { defineSource, fieldsFor, type Source } from './source.js';

const order: Source = {
  name: 'order',
  tool: 'get_order',
  argument: 'orderId',
  record: 'order',
  fields: { status: 'system', 'total.amount': 'system', note: 'untrusted' },
  steps: [
    { tools: ['get_order', 'draft_reply'], fields: ['status', 'note'] },
    { tools: ['get_order', 'draft_reply', 'issue_refund'], fields: ['status', 'total.amount'] },
  ],
  freshForMs: 30_000,
};

describe('a source', () => {
  it('is a value that cannot be changed', () => {
    expect(defineSource(order)).toEqual(order);
    expect(Object.isFrozen(defineSource({ ...order }))).toBe(true);
  });

  it.each<[string, Partial<Source>]>([
    ['its name must be kebab-case', { name: 'An Order' }],
    ['it names no tool, argument or record', { argument: '' }],
    ['it shows no field', { fields: {}, steps: [] }],
    ['total..amount is no dotted path', { fields: { 'total..amount': 'system' }, steps: [] }],
    [
      'total.amount lies within another of its fields',
      { fields: { total: 'system', 'total.amount': 'system' }, steps: [] },
    ],
    ['status: no such trust', { fields: { status: 'absolute' as 'system' }, steps: [] }],
    ['a step names no tool', { steps: [{ tools: [], fields: ['status'] }] }],
    ['a step shows what the source does not: iban', { steps: [{ tools: ['get_order'], fields: ['iban'] }] }],
    ['freshForMs must be a whole number over 0', { freshForMs: 0 }],
  ])('is refused: %s', (flaw, change) => {
    expect(() => defineSource({ ...order, ...change })).toThrow(flaw);
  });

  it('is refused with everything that is wrong', () => {
    expect(() => defineSource({ ...order, name: 'X', freshForMs: 0.5 })).toThrow(
      'its name must be kebab-case; freshForMs must be a whole number over 0',
    );
  });
});

describe('per-step minimisation', () => {
  it.each([
    ['the first step that has all open tools counts', ['get_order', 'draft_reply'], ['status', 'note']],
    ['or the next', ['issue_refund', 'draft_reply'], ['status', 'total.amount']],
    ['all fields where none has', ['issue_refund', 'delete_customer'], ['status', 'total.amount', 'note']],
    ['the first one where nothing is open', [], ['status', 'note']],
  ])('%s', (_, open, fields) => {
    expect([...fieldsFor(order, open)]).toEqual(fields);
  });
});
