import { describe, expect, it } from '@jest/globals';
import {
  evalCaseOf,
  judgeCase,
  nothingObserved,
  type Observed,
  type ObservedDecision,
  type WrittenCase,
} from './index.js';

const judge = (expected: WrittenCase['expect'], seen: Partial<Observed>, steps?: WrittenCase['steps']) => {
  const people = { alice: {}, bob: {} };
  const one = evalCaseOf({
    ...{ title: 'A case', given: { people }, expect: expected },
    steps: steps ?? [{ action: { by: 'alice', tool: 'issue_refund' } }],
  });
  return judgeCase(one, { ...nothingObserved(), ...seen });
};
const proposal = (tool: string, args: object = {}, actionId = tool) => ({
  ...{ actionId, tool, arguments: args as Observed['proposals'][0]['arguments'], dryRun: false },
});
const decision = (tool: string, outcome: ObservedDecision['outcome'], more: Partial<ObservedDecision> = {}) => ({
  ...{ actionId: tool, tool, outcome, actorRoles: ['support-agent'], rules: [] },
  ...more,
});
const effect = (record: string, amount?: string) => ({
  ...{ tenant: 'own' as const, kind: 'refund', record, ...(amount ? { amount, currency: 'EUR' } : {}) },
});
const read = decision('get_order', 'approved', { grant: 'read' });

describe('what an expectation means (the numbers are those of judge-case.ts)', () => {
  it('1: a list says all there is', () => {
    expect(judge({ effects: [] }, {})).toEqual([]);
    expect(judge({ effects: [] }, { effects: [effect('ord_1', '54.00')] })).toEqual([
      'expected no effect, found refund of ord_1 54.00 EUR',
    ]);
    const two = { effects: [effect('ord_1'), effect('ord_1')] };
    expect(judge({ effects: [{ kind: 'refund' }, { kind: 'refund', record: 'ord_1' }] }, two)).toEqual([]);
    expect(judge({ effects: [{ kind: 'refund' }] }, two)).toEqual(['expected no other effect, found refund of ord_1']);
    expect(judge({ effects: [{ kind: 'refund', record: 'ord_2' }, { kind: 'refund' }] }, two)).toEqual([
      'expected the effect refund of ord_2, found refund of ord_1',
    ]);
    expect(judge({ effects: [{ kind: 'ticket' }, { kind: 'order-change', record: 'ord_1' }] }, two)).toEqual([
      'expected the effects ticket of any record; order-change of ord_1, found 2 × refund of ord_1',
    ]);
  });

  it('1: each thing found serves one expectation, and any that can be met is', () => {
    const expected = [{ kind: 'refund' }, { kind: 'refund', record: 'ord_1' }, { kind: 'refund', record: 'ord_2' }];
    const found = ['ord_1', 'ord_2', 'ord_3'].map((record) => effect(record));
    expect(judge({ effects: expected }, { effects: found })).toEqual([]);
    expect(judge({ effects: expected }, { effects: found.toReversed() })).toEqual([]);
    expect(judge({ effects: [...expected, { kind: 'refund', record: 'ord_3' }] }, { effects: found })).toHaveLength(1);
  });

  it('1: proposals are in order of time, but for a case with things at once', () => {
    const seen = { proposals: [proposal('a'), proposal('b')] };
    expect(judge({ proposals: [{ tool: 'a' }, { tool: 'b' }] }, seen)).toEqual([]);
    expect(judge({ proposals: [{ tool: 'b' }, { tool: 'a' }] }, seen)).toEqual([
      'expected the proposals in the order b; a, found them in the order a {} not as a dry run; b {} not as a dry run',
    ]);
    const action = { action: { by: 'alice', tool: 'a' } };
    expect(judge({ proposals: [{ tool: 'b' }, { tool: 'a' }] }, seen, [{ together: [action, action] }])).toEqual([]);
  });

  it('2: a read that was granted may be left out, and one that was not may not', () => {
    const seen = {
      proposals: [proposal('get_order'), proposal('issue_refund')],
      decisions: [read, decision('issue_refund', 'denied', { code: 'LIMIT_EXCEEDED' })],
      outcomes: [
        { actionId: 'get_order', tool: 'get_order', ends: 'read' as const },
        { actionId: 'issue_refund', tool: 'issue_refund', ends: 'denied' as const },
      ],
    };
    const expected = {
      ...{ proposals: [{ tool: 'issue_refund' }], decisions: [{ tool: 'issue_refund', outcome: 'denied' as const }] },
      outcomes: [{ tool: 'issue_refund', ends: 'denied' as const }],
    };
    expect(judge(expected, seen)).toEqual([]);
    expect(judge({ proposals: [{ tool: 'get_order' }, { tool: 'issue_refund' }] }, seen)).toEqual([]);
    expect(judge({ proposals: [{ tool: 'issue_refund' }, { tool: 'get_order' }] }, seen)).toHaveLength(1);
    const refusedRead = { ...read, outcome: 'denied' as const, code: 'PERMISSION_DENIED' as const };
    const { grant: _, ...denied } = refusedRead;
    expect(judge({ decisions: [] }, { decisions: [denied] })).toEqual([
      'expected no decision, found get_order denied PERMISSION_DENIED',
    ]);
    expect(judge({ proposals: [] }, { proposals: [proposal('get_order')], decisions: [denied] })).toHaveLength(1);
  });

  it('2: of a tool read once and refused once, the refusal has to be expected', () => {
    const decisions = [read, decision('get_order', 'denied', { actionId: 'act_2', code: 'NOT_FOUND' as const })];
    expect(judge({ decisions: [{ tool: 'get_order', outcome: 'denied' }] }, { decisions })).toEqual([]);
    expect(judge({ decisions: [{ tool: 'get_order', outcome: 'approved' }] }, { decisions })).toHaveLength(1);
    const proposals = [proposal('get_order'), proposal('get_order', {}, 'act_2')];
    expect(judge({ proposals: [{ tool: 'get_order' }] }, { decisions, proposals })).toEqual([]);
    expect(judge({ proposals: [] }, { decisions, proposals })).toHaveLength(1);
  });

  it('2: a read that was granted and then denied has to be expected', () => {
    const denied = decision('get_order', 'denied', { code: 'KILLED' });
    expect(judge({ decisions: [] }, { decisions: [read, denied] })).toEqual([
      'expected no decision, found get_order denied KILLED',
    ]);
  });

  it('2: reads that are named are paired as any', () => {
    const rules = [{ rule: 'scope', outcome: 'allow' as const, reason: '' }];
    const decisions = [
      { ...read, rules },
      { ...read, actionId: 'act_2' },
    ];
    const any = { tool: 'get_order', outcome: 'approved' as const };
    expect(judge({ decisions: [any, { ...any, rule: 'scope' }] }, { decisions })).toEqual([]);
    expect(judge({ decisions: [any, any, any] }, { decisions })).toHaveLength(1);
  });

  it('3: a preview on the way is no decision, a dry run is, and repeats of one outcome are one', () => {
    const preview = decision('issue_refund', 'approved', { grant: 'preview', dryRun: false });
    const escalated = decision('issue_refund', 'escalated', { approvals: 2, roles: ['support-lead'] });
    const again = { ...escalated, approvals: 1 };
    const committed = decision('issue_refund', 'approved', { grant: 'commit' });
    const decisions = [preview, escalated, again, preview, committed, committed];
    const asked = { tool: 'issue_refund', outcome: 'escalated' as const };
    const allowed = { tool: 'issue_refund', outcome: 'approved' as const };
    expect(judge({ decisions: [asked, allowed] }, { decisions })).toEqual([]);
    expect(judge({ decisions: [{ ...asked, approvals: 2, roles: ['support-lead'] }, allowed] }, { decisions })).toEqual(
      [],
    );
    expect(judge({ decisions: [{ ...asked, approvals: 3 }, allowed] }, { decisions })).toHaveLength(1);
    const ofTwo = [{ ...escalated, roles: ['support-lead', 'admin'] }];
    expect(judge({ decisions: [{ ...asked, roles: ['admin', 'support-lead'] }] }, { decisions: ofTwo })).toEqual([]);
    expect(judge({ decisions: [{ ...asked, roles: ['support-lead'] }] }, { decisions: ofTwo })).toHaveLength(1);
    expect(judge({ decisions: [] }, { decisions: [preview] })).toEqual([]);
    expect(judge({ decisions: [allowed] }, { decisions: [{ ...preview, dryRun: true }] })).toEqual([]);
  });

  it('3: a rule counts if it said what the outcome is', () => {
    const rules = [
      { rule: 'refund-limit', outcome: 'deny' as const, reason: '' },
      { rule: 'own-roles', outcome: 'pass' as const, reason: '' },
    ];
    const decisions = [decision('issue_refund', 'denied', { rules, code: 'LIMIT_EXCEEDED' as const })];
    const denied = { tool: 'issue_refund', outcome: 'denied' as const };
    expect(judge({ decisions: [{ ...denied, rule: 'refund-limit' }] }, { decisions })).toEqual([]);
    expect(judge({ decisions: [{ ...denied, rule: 'own-roles' }] }, { decisions })).toEqual([
      'expected the decision issue_refund denied by the rule own-roles, found issue_refund denied LIMIT_EXCEEDED by the rule refund-limit',
    ]);
  });

  it('4: a decision of a person that is not taken has to be expected, and with its code', () => {
    const refusedSteps = [{ step: '2', code: 'SELF_APPROVAL' as const, detail: 'asked by alice' }];
    const steps = (refused?: 'SELF_APPROVAL' | 'APPROVAL_STALE') => [
      { action: { by: 'alice', tool: 'issue_refund' } },
      { approve: { by: 'alice', ...(refused ? { refused } : {}) } },
    ];
    expect(judge({ effects: [] }, { refusedSteps }, steps('SELF_APPROVAL'))).toEqual([]);
    expect(judge({ effects: [] }, {}, steps())).toEqual([]);
    expect(judge({ effects: [] }, { refusedSteps }, steps())).toEqual([
      'expected step 2 (approve by alice) to be taken, found SELF_APPROVAL (asked by alice)',
    ]);
    expect(judge({ effects: [] }, { refusedSteps }, steps('APPROVAL_STALE'))).toHaveLength(1);
    expect(judge({ effects: [] }, {}, steps('SELF_APPROVAL'))).toEqual([
      'expected step 2 (approve by alice) to be refused with SELF_APPROVAL, found it taken',
    ]);
  });

  it('4: two decisions at once are told apart', () => {
    const refusedSteps = [{ step: '1.2', code: 'APPROVAL_STALE' as const, detail: 'late' }];
    const both = [
      { together: [{ approve: { by: 'alice' } }, { approve: { by: 'bob', refused: 'APPROVAL_STALE' as const } }] },
    ];
    expect(judge({ effects: [] }, { refusedSteps }, both)).toEqual([]);
    expect(judge({ effects: [] }, { refusedSteps: [{ ...refusedSteps[0]!, step: '1.1' }] }, both)).toHaveLength(2);
  });

  it('5: an object has at least what is named, lists and values are equal, amounts are numbers', () => {
    const seen = { proposals: [proposal('t', { a: { b: 1, c: 2 }, list: [1, { d: 3, e: 4 }] })] };
    const fits = (args: object) => judge({ proposals: [{ tool: 't', arguments: args as never }] }, seen).length === 0;
    expect(fits({})).toBe(true);
    expect(fits({ a: { b: 1 } })).toBe(true);
    expect(fits({ list: [1, { d: 3 }] })).toBe(true);
    expect(fits({ a: { b: '1' } })).toBe(false);
    expect(fits({ list: [1] })).toBe(false);
    expect(fits({ list: { 0: 1 } })).toBe(false);
    expect(fits({ a: { toString: null } })).toBe(false);
    expect(fits({ missing: null })).toBe(false);
    const paid = { effects: [effect('ord_1', '54.00')] };
    expect(judge({ effects: [{ kind: 'refund', amount: '54' }] }, paid)).toEqual([]);
    expect(judge({ effects: [{ kind: 'refund', amount: '54.01' }] }, paid)).toHaveLength(1);
  });

  it('looks at refusals, refused calls, reads and replies as they are expected', () => {
    const refused = [{ code: 'UNAUTHENTICATED' as const, detail: 'expired' }];
    expect(judge({ refused: [{ code: 'UNAUTHENTICATED' }] }, { refused })).toEqual([]);
    expect(judge({ refused: [] }, { refused })).toEqual([
      'expected no refused intent, found UNAUTHENTICATED (expired)',
    ]);
    expect(judge({ refusedCalls: [{ code: 'UNKNOWN_TOOL' }] }, {})).toEqual([
      'expected the refused call of the model UNKNOWN_TOOL, found none like it',
    ]);
    const reads = [{ tenant: 'own' as const, record: 'order/ord_1' }];
    expect(judge({ effects: [], reads: ['order/ord_1'], notRead: ['order/ord_2'] }, { reads })).toEqual([]);
    expect(judge({ effects: [], reads: ['order/ord_2'], notRead: ['order/ord_1'] }, { reads })).toEqual([
      'expected order/ord_2 to be read, found reads of order/ord_1',
      'expected order/ord_1 not to be read, found that it was',
    ]);
    const replies = [
      { text: 'Refunded.\nDone' },
      { text: 'Sorry', flagged: 'no record shows it', code: 'MODEL_FAILED' as const },
    ];
    expect(
      judge(
        { effects: [], reply: { says: 'refunded..done', not: 'paid', flagged: true, code: 'MODEL_FAILED' } },
        { replies },
      ),
    ).toEqual([]);
    expect(
      judge({ effects: [], reply: { says: 'paid', not: 'SORRY', flagged: false, code: 'KILLED' } }, { replies }),
    ).toHaveLength(4);
    expect(judge({ effects: [], reply: { says: 'paid' } }, {})).toEqual([
      'expected a reply that says /paid/, found no reply',
    ]);
  });
});
