import { describe, expect, it } from '@jest/globals';
import { idempotencyKeyOf } from '@countersign/contracts';
import { flaws, unowned, type IntentState, type LedgerEntry } from './index.js';

const actionId = 'act_1';
const state: IntentState = {
  intentId: 'int_1',
  state: 'ended',
  reply: 'Refunded 18 EUR on ord_1001.',
  actions: [
    { actionId: 'act_0', tool: 'get_order', state: 'ended', outcome: 'read' },
    { actionId, tool: 'issue_refund', state: 'ended', outcome: 'committed' },
  ],
};
const entry: LedgerEntry = {
  seq: 1,
  tenant: 'acme',
  kind: 'refund',
  record: 'ord_1001',
  amount: '18.00',
  idempotencyKey: idempotencyKeyOf('acme', actionId, 0),
};
const expected = { outcomes: ['committed'], effects: [{ kind: 'refund', record: 'ord_1001', amount: '18.00' }] };

describe("the demo's judge", () => {
  it('finds nothing wrong with what is as it should be', () => {
    expect(flaws(state, [entry], expected)).toEqual([]);
    expect(unowned([entry], [{ actionIds: ['act_0', actionId] }])).toEqual([]);
  });

  it.each<[string, LedgerEntry[], IntentState]>([
    ['another amount', [{ ...entry, amount: '19.00' }], state],
    ['another order', [{ ...entry, record: 'ord_1002' }], state],
    ['another tenant', [{ ...entry, tenant: 'globex' }], state],
    ['another kind', [{ ...entry, kind: 'ticket' }], state],
    ['the effect twice', [entry, { ...entry, seq: 2 }], state],
    ['no effect', [], state],
    ['no reply', [entry], { ...state, reply: undefined }],
    ['an intent that waits', [entry], { ...state, state: 'waiting' }],
    ['a denied action', [entry], { ...state, actions: [{ ...state.actions[1]!, outcome: 'denied' }] }],
    [
      'a change before the last action',
      [entry],
      { ...state, actions: [{ ...state.actions[0]!, outcome: 'committed' }, state.actions[1]!] },
    ],
  ])('sees %s', (_, ledger, seen) => {
    expect(flaws(seen, ledger, expected)).not.toEqual([]);
  });

  it('sees an effect under a key no row asked for', () => {
    const stranger = { ...entry, seq: 2, idempotencyKey: 'key_of_nobody' };
    expect(unowned([entry, stranger], [{ actionIds: [actionId] }])).toEqual([stranger]);
  });
});
