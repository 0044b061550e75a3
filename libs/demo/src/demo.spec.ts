import { describe, expect, it } from '@jest/globals';
import { idempotencyKeyOf } from '@countersign/contracts';
import { burstFlaws } from './gates.js';
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
  startedAt: '2026-03-01T10:00:00.000Z',
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

  it('counts what an edited action did as its own', () => {
    const edited = { ...entry, amount: '10.00', idempotencyKey: idempotencyKeyOf('acme', actionId, 1) };
    const expectedThen = { ...expected, effects: [{ ...expected.effects[0]!, amount: '10.00' }] };
    expect(flaws(state, [edited], expectedThen)).toEqual([]);
    expect(flaws(state, [entry, edited], expectedThen)).not.toEqual([]);
    expect(unowned([edited], [{ actionIds: [actionId] }])).toEqual([]);
  });

  it("looks for an effect under the tenant's own keys", () => {
    const draft: IntentState = { ...state, actions: [{ ...state.actions[1]!, outcome: 'drafted' }] };
    const theirs = { ...entry, tenant: 'globex', idempotencyKey: idempotencyKeyOf('globex', actionId, 0) };
    const none = { tenant: 'globex', outcomes: ['drafted'], effects: [] };
    expect(flaws(draft, [], none)).toEqual([]);
    expect(flaws(draft, [theirs], none)).not.toEqual([]);
  });

  it('sees an effect under a key no row asked for', () => {
    const stranger = { ...entry, seq: 2, idempotencyKey: 'key_of_nobody' };
    expect(unowned([entry, stranger], [{ actionIds: [actionId] }])).toEqual([stranger]);
  });
});

describe('a burst over a budget', () => {
  const retryAt = '2026-03-02T00:00:00.000Z';
  const one = (outcome: string, more: object = {}): IntentState => ({
    ...state,
    actions: [{ actionId, tool: 'draft_reply', state: 'ended', outcome, ...more }],
  });
  const limited = one('denied', { code: 'RATE_LIMITED', retryAt });
  const effects = (n: number) => Array.from({ length: n }, () => entry);

  it('is as it should be when exactly what was left passes, and the rest is told when to ask again', () => {
    expect(burstFlaws([one('committed'), one('committed'), limited], effects(2), 3, 2)).toEqual([]);
    expect(burstFlaws([limited, limited, limited], [], 3, 0)).toEqual([]);
  });

  it.each<[string, IntentState[], number]>([
    ['one too many', [one('committed'), one('committed'), one('committed')], 3],
    ['one too few', [one('committed'), limited, limited], 1],
    ['an effect that no outcome tells', [one('committed'), one('committed'), limited], 3],
    ['another refusal', [one('committed'), one('committed'), one('denied', { code: 'KILLED' })], 2],
    ['no time to ask again', [one('committed'), one('committed'), one('denied', { code: 'RATE_LIMITED' })], 2],
    ['one that was lost', [one('committed'), one('committed')], 2],
  ])('shows %s', (_, states, inLedger) => {
    expect(burstFlaws(states, effects(inLedger), 3, 2)).not.toEqual([]);
  });
});
