import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@countersign/contracts';
import { provenanceOf, withRead } from './provenance.js';
import { MAX_READS, type ReadSeen } from './state.js';

const order = { system: 'helpdesk', type: 'order', id: 'ord_1001', version: '7', at: '2026-03-01T10:00:00Z' };
const customer = { system: 'helpdesk', type: 'customer', id: 'cus_1', version: '2', at: '2026-03-01T10:00:00Z' };
const result = {
  id: 'ord_1001',
  remaining: { amount: '900.00', currency: 'EUR' },
  lines: [{ sku: 'A-1' }],
  open: true,
};
const originOf = (value: JsonObject[string], given: { text?: string; subjectId?: string; reads?: ReadSeen[] } = {}) =>
  provenanceOf({ value }, { reads: [], ...given })['value'];

it('says nothing of arguments whose path would outgrow an event', () => {
  const args = { ['k'.repeat(10_000)]: { a: 1, b: 2 }, short: 'x' };
  expect(provenanceOf(args, { reads: [] })).toEqual({ short: { origin: 'model' } });
});

describe('an argument comes from', () => {
  const reads = withRead([], result, [order]);

  it.each<[JsonObject[string], string]>([
    ['900.00', 'remaining.amount'],
    ['A-1', 'lines.0.sku'],
    [true, 'open'],
    ['ord_1001', 'id'],
  ])('the record whose field is exactly %j', (value, field) => {
    expect(originOf(value, { reads })).toEqual({ origin: 'record', ...order, field });
  });

  it('the newest read that has it', () => {
    const newer = { ...order, version: '8' };
    expect(originOf('900.00', { reads: withRead(reads, result, [newer]) })).toMatchObject({ version: '8' });
  });

  it('a record that is not named when a read had several, unless it is the id of one', () => {
    const both = withRead([], result, [order, customer]);
    expect(originOf('900.00', { reads: both })).toEqual({ origin: 'record', field: 'remaining.amount' });
    expect(originOf('cus_1', { reads: both })).toEqual({ origin: 'record', ...customer, field: 'id' });
  });

  it.each<[JsonObject[string], string, 'user' | 'model']>([
    ['18.00', 'refund 18 € please', 'user'],
    ['18.50', 'refund 18,50 please', 'user'],
    [18, 'refund 18.0 please', 'user'],
    ['8', 'refund 18 please', 'model'],
    ['180', 'refund 18 please', 'model'],
    ['ord_1', 'about ord_1001', 'model'],
    ['ord_1', 'about ord_1, soon', 'user'],
    ['', 'anything', 'model'],
    [true, 'true', 'model'],
  ])('%j in "%s": %s', (value, text, origin) => {
    expect(originOf(value, { text })).toEqual({ origin });
  });

  it('the user when the intent points at it, and else from the model', () => {
    expect([originOf('ord_9', { subjectId: 'ord_9' }), originOf('ord_9')]).toEqual([
      { origin: 'user' },
      { origin: 'model' },
    ]);
  });

  it('its own place, nested ones by path', () => {
    const args = { to: { city: 'Bonn' }, lines: ['x'], none: null };
    expect(provenanceOf(args, { text: 'to Bonn', reads: [] })).toEqual({
      'to.city': { origin: 'user' },
      'lines.0': { origin: 'model' },
    });
  });
});

describe('what is kept of reads', () => {
  it('is bounded, and holds nothing that cannot be stored', () => {
    const hostile = { a: '\u0000', b: '\ud800', c: 'x'.repeat(201), ok: 'y', ['k'.repeat(101)]: 'z' };
    expect(withRead([], hostile, [])).toEqual([{ ids: [], fields: [['ok', 'y']] }]);
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`f${at}`, at]));
    let reads: ReadSeen[] = [];
    for (let times = 0; times < 20; times++) reads = withRead(reads, wide, [order]);
    expect([reads.length, reads[0]!.fields.length]).toEqual([MAX_READS, 64]);
  });
});
