import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '@countersign/contracts';
import {
  judgeCase,
  nothingObserved,
  type DecisionOutcome,
  type Expectation,
  type Observed,
  type ObservedDecision,
} from './index.js';

/* What was expected is made into what was seen, whole. Seen so, it passes; with any one thing changed, it fails. */

const TOOLS = ['issue_refund', 'open_ticket', 'get_order'] as const;
const CODES = ['LIMIT_EXCEEDED', 'PERMISSION_DENIED', 'NOT_FOUND'] as const;
const tool = fc.constantFrom(...TOOLS);
const code = fc.constantFrom(...CODES);
const args = fc.dictionary(
  fc.constantFrom('orderId', 'amount', 'nested'),
  fc.oneof(fc.string({ maxLength: 3 }), fc.integer(), fc.record({ a: fc.integer(), list: fc.array(fc.boolean()) })),
) as fc.Arbitrary<JsonObject>;

const proposals = fc.array(fc.record({ tool, arguments: args, dryRun: fc.boolean() }), { maxLength: 4 });
const decisions = fc.array(
  fc.oneof(
    fc.record({ tool, outcome: fc.constant('denied' as const), code, rule: fc.constantFrom('limit', 'own-roles') }),
    fc.record({ tool, outcome: fc.constant('approved' as const) }),
    fc.record({
      ...{ tool, outcome: fc.constant('escalated' as const), approvals: fc.integer({ min: 1, max: 3 }) },
      roles: fc.uniqueArray(fc.constantFrom('lead', 'admin'), { minLength: 1 }),
    }),
  ),
  { maxLength: 4 },
);
const outcomes = fc.array(fc.record({ tool, ends: fc.constantFrom('committed', 'failed', 'blocked'), code }), {
  maxLength: 4,
});
const cents = fc.integer({ min: 1, max: 99_999 }).map((amount) => (amount / 100).toFixed(2));
const effects = fc.array(
  fc.record({
    ...{ kind: fc.constantFrom('refund', 'ticket'), record: fc.constantFrom('ord_1', 'ord_2'), amount: cents },
    ...{ currency: fc.constantFrom('EUR', 'USD'), tenant: fc.constantFrom('own' as const, 'other' as const) },
  }),
  { maxLength: 4 },
);
const refused = fc.array(fc.record({ code }), { maxLength: 2 });
const reads = fc.uniqueArray(fc.constantFrom('order/ord_1', 'order/ord_2', 'customer/cus_1'), { maxLength: 2 });
const expectation = fc.record({ proposals, decisions, outcomes, effects, refused, refusedCalls: refused, reads });
type Expected = typeof expectation extends fc.Arbitrary<infer T> ? T : never;

const SAYS = { approved: 'allow', denied: 'deny', escalated: 'escalate' } as const;
function seenOf(expected: Expected, order: (length: number) => number[]): Observed {
  const shuffled = <T>(list: readonly T[]) => order(list.length).map((at) => list[at]!);
  const detail = 'because';
  return {
    ...nothingObserved(),
    proposals: expected.proposals.map((each, at) => ({ actionId: `act_${at}`, ...each })),
    decisions: shuffled(expected.decisions).map((each, at) => ({
      ...{ actionId: `act_d${at}`, actorRoles: [], ...each },
      ...(each.outcome === 'approved' ? { grant: 'commit' as const, dryRun: false } : {}),
      rules: [{ rule: 'rule' in each ? each.rule : 'any', outcome: SAYS[each.outcome], reason: '' }],
    })),
    outcomes: shuffled(expected.outcomes).map((each, at) => ({
      actionId: `act_o${at}`,
      ...each,
    })) as Observed['outcomes'],
    effects: shuffled(expected.effects),
    refused: shuffled(expected.refused).map((each) => ({ ...each, detail })),
    refusedCalls: shuffled(expected.refusedCalls).map((each) => ({ ...each, detail })),
    reads: expected.reads.map((record) => ({ tenant: 'own', record })),
  };
}

type Change = (seen: Observed, at: number) => Observed | undefined;
const changed = <T>(list: readonly T[], at: number, change: (item: T) => T): T[] | undefined =>
  list.length === 0 ? undefined : list.map((item, index) => (index === at % list.length ? change(item) : item));
const other = <T>(all: readonly T[], than: T | undefined) => all.find((each) => each !== than)!;
const on =
  <K extends keyof Observed>(key: K, change: (item: Observed[K][number]) => Observed[K][number]): Change =>
  (seen, at) => {
    const list = changed(seen[key] as readonly Observed[K][number][], at, change);
    return list && { ...seen, [key]: list };
  };
const LISTS = ['proposals', 'decisions', 'outcomes', 'effects', 'refused', 'refusedCalls', 'reads'] as const;
const without =
  (key: (typeof LISTS)[number]): Change =>
  (seen, at) =>
    seen[key].length === 0 ? undefined : { ...seen, [key]: seen[key].filter((_, i) => i !== at % seen[key].length) };
const again =
  (key: (typeof LISTS)[number]): Change =>
  (seen, at) => {
    const list: readonly object[] = seen[key];
    return list.length === 0
      ? undefined
      : { ...seen, [key]: [...list, { ...list[at % list.length]!, actionId: 'act_again' }] };
  };
/** Of the decisions of one outcome alone. */
const onDecided =
  (outcome: DecisionOutcome, change: (decision: ObservedDecision) => ObservedDecision): Change =>
  (seen, at) => {
    const those = seen.decisions.filter((decision) => decision.outcome === outcome);
    const one = those[at % those.length];
    return one && { ...seen, decisions: seen.decisions.map((each) => (each === one ? change(each) : each)) };
  };
const otherArgument = (args: JsonObject) => {
  const [key = 'missing'] = Object.keys(args);
  return { ...args, [key]: 'other' };
};

const CHANGES: Record<string, Change> = {
  ...Object.fromEntries(LISTS.map((key) => [`one of ${key} missing`, without(key)])),
  ...Object.fromEntries(LISTS.filter((key) => key !== 'reads').map((key) => [`one of ${key} twice`, again(key)])),
  'a proposal of another tool': on('proposals', (p) => ({ ...p, tool: 'delete_customer' })),
  'a dry run that is none': on('proposals', (p) => ({ ...p, dryRun: !p.dryRun })),
  'another argument': (seen, at) => {
    const those = seen.proposals.filter((p) => Object.keys(p.arguments).length > 0);
    const one = those[at % those.length];
    if (!one) return undefined;
    const proposals = seen.proposals.map((p) => (p === one ? { ...p, arguments: otherArgument(p.arguments) } : p));
    return { ...seen, proposals };
  },
  'a decision on another tool': on('decisions', (d) => ({ ...d, tool: 'delete_customer' })),
  'another decision': on('decisions', (d) => ({
    ...d,
    outcome: other(['approved', 'denied', 'escalated'] as const, d.outcome),
  })),
  'another code of a denial': onDecided('denied', (d) => ({ ...d, code: other(CODES, d.code as 'NOT_FOUND') })),
  'a denial of no rule': onDecided('denied', (d) => ({
    ...d,
    rules: d.rules.map((rule) => ({ ...rule, outcome: 'pass' })),
  })),
  'other roles that may decide': onDecided('escalated', (d) => ({ ...d, roles: ['stranger'] })),
  'more approvals': onDecided('escalated', (d) => ({ ...d, approvals: d.approvals! + 1 })),
  'another end': on('outcomes', (o) => ({
    ...o,
    ends: other(['committed', 'failed', 'blocked'] as const, o.ends as 'failed'),
  })),
  'another code of an end': on('outcomes', (o) => ({ ...o, code: other(CODES, o.code as 'NOT_FOUND') })),
  'an effect in the other tenant': on('effects', (e) => ({ ...e, tenant: other(['own', 'other'] as const, e.tenant) })),
  'an effect on another record': on('effects', (e) => ({ ...e, record: 'ord_9' })),
  'another effect': on('effects', (e) => ({ ...e, kind: 'deletion' })),
  'a cent more': on('effects', (e) => ({ ...e, amount: (Number(e.amount) + 0.01).toFixed(2) })),
  'another currency': on('effects', (e) => ({ ...e, currency: 'CHF' })),
  'another refusal': on('refused', (r) => ({ ...r, code: other(CODES, r.code as 'NOT_FOUND') })),
  'another refused call': on('refusedCalls', (r) => ({ ...r, code: other(CODES, r.code as 'NOT_FOUND') })),
  'a read of another record': on('reads', (r) => ({ ...r, record: 'order/ord_9' })),
};

const steps = [{ kill: 'kill/tenant/own' }];
const judged = (expect: Expected, seen: Observed) => judgeCase({ steps, expect: expect as Expectation }, seen);
const reversed = (length: number) => Array.from({ length }, (_, at) => length - 1 - at);

describe('an observation made from an expectation', () => {
  it('passes, in whatever order what has none was seen', () => {
    const check = fc.property(expectation, fc.boolean(), (expected, isReversed) => {
      const seen = seenOf(expected, isReversed ? reversed : (length) => [...Array(length).keys()]);
      expect(judged(expected, seen)).toEqual([]);
    });
    fc.assert(check, { numRuns: 500, seed: 8 });
  });

  it.each(Object.entries(CHANGES))('fails with %s', (_, change) => {
    const tried = { changed: 0 };
    const check = fc.property(expectation, fc.nat(), (expected, at) => {
      const seen = change(seenOf(expected, reversed), at);
      if (!seen) return;
      tried.changed++;
      expect(judged(expected, seen)).not.toEqual([]);
    });
    fc.assert(check, { numRuns: 150, seed: 8 });
    expect(tried.changed).toBeGreaterThan(30);
  });
});
