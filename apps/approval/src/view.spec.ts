import { describe, expect, it } from '@jest/globals';
import { cautionsOf, changesBetween, diffOf } from './view.js';

describe('the diff of an effect', () => {
  it('reads pairs in both spellings, and shows the rest as new', () => {
    const effect = {
      order: 'ord_1',
      refundedBefore: '0.00',
      refundedAfter: '18.00',
      status: { before: 'open', after: 'closed' },
    };
    expect(diffOf(effect)).toEqual([
      { field: 'order', before: null, after: 'ord_1' },
      { field: 'refunded', before: '0.00', after: '18.00' },
      { field: 'status', before: 'open', after: 'closed' },
    ]);
  });
});

describe('cautions', () => {
  const record = { system: 'helpdesk', type: 'ticket', id: 'tic_1', version: '2', at: '2026-03-01T10:00:00.000Z' };

  it('mark what the model made up, what stands only in a stranger’s text, and what nobody knows of', () => {
    const provenance = {
      orderId: { origin: 'record', ...record, type: 'order', id: 'ord_1', field: 'id', trust: 'system' },
      amount: { origin: 'user', trust: 'user' },
      currency: { origin: 'model' },
      reason: { origin: 'record', ...record, field: 'body', trust: 'untrusted' },
      note: { origin: 'user', trust: 'untrusted' },
      'lines.0.sku': { origin: 'model' },
    } as const;
    const args = { ...Object.fromEntries(Object.keys(provenance).map((name) => [name, 'x'])), lines: [], to: 'x' };
    expect(cautionsOf({ arguments: args, provenance })).toEqual([
      { argument: 'currency', says: expect.stringContaining('from the model alone') },
      { argument: 'reason', says: "a stranger's words: it stands only in body of helpdesk ticket tic_1" },
      { argument: 'note', says: "a stranger's words: it stands only in quoted text" },
      { argument: 'lines.0.sku', says: expect.stringContaining('from the model alone') },
      { argument: 'to', says: 'where it comes from is not known' },
    ]);
  });
});

describe('the difference between two items', () => {
  it('names each field that is not the same', () => {
    expect(changesBetween({ a: 1, b: { c: 'x', d: [1] } }, { a: 1, b: { c: 'y', d: [1, 2] }, e: true })).toEqual([
      { field: 'b.c', before: 'x', after: 'y' },
      { field: 'b.d', before: [1], after: [1, 2] },
      { field: 'e', before: null, after: true },
    ]);
  });
});
