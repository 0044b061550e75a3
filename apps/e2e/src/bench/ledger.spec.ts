import { expect, it } from '@jest/globals';
import { effectFlaws, keyOfPeer } from './ledger.js';

const ledger = (...keys: string[]) => keys.map((idempotencyKey) => ({ idempotencyKey }));
const asked = { Countersign: ['a', 'b'], Restate: ['c'] };

it('finds nothing where every effect is there once, in any order', () => {
  expect(effectFlaws(ledger('c', 'a', 'b'), asked)).toEqual([]);
});

it.each([
  ['too few', ledger('a', 'c'), "Countersign: 1 of 2 effects are missing in helpdesk's ledger"],
  ['too many', ledger('a', 'b', 'c', 'c'), 'Restate: 1 of 1 effects happened more than once'],
  ['others', ledger('a', 'b', 'c', 'd'), "helpdesk's ledger holds 1 effects that nobody asked for"],
])('names whose effects were %s', (_, found, flaw) => {
  expect(effectFlaws(found, asked)).toEqual([flaw]);
});

it('the right number of the wrong effects is wrong', () => {
  expect(effectFlaws(ledger('a', 'b', 'x'), asked)).toHaveLength(2);
});

it("a peer's key is that of its tenant, its id and its arguments", () => {
  const args = { orderId: 'ord_1', amount: '1.00' };
  const keys = [
    keyOfPeer('acme', '1', args),
    keyOfPeer('acme', '2', args),
    keyOfPeer('globex', '1', args),
    keyOfPeer('acme', '1', { ...args, amount: '2.00' }),
  ];
  expect(new Set(keys).size).toBe(4);
  expect(keys[0]).toBe(keyOfPeer('acme', '1', { ...args }));
});
