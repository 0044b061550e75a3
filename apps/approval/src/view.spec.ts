import { describe, expect, it } from '@jest/globals';
import { changesBetween, diffOf, recordsOf } from './view.js';

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

describe('the records a preview rests on', () => {
  it('are read from pairs of id and version, and shown as they are otherwise', () => {
    expect(recordsOf({ orderId: 'ord_1', orderVersion: 3, memberVersion: 2 })).toEqual([
      { type: 'order', id: 'ord_1', version: 3 },
      { type: 'memberVersion', id: null, version: 2 },
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
