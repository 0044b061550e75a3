import { describe, expect, it } from '@jest/globals';
import { compare, policyKit, type Evaluate } from './compare.js';
import { pairOf } from './pairs.js';

const PAIRS = 20_000;
const evaluate = await policyKit();

/** policy-kit with one thing wrong. */
const wrong =
  (
    change: (
      verdict: Record<string, unknown>,
      rules: Parameters<Evaluate>[0],
      facts: Parameters<Evaluate>[1],
    ) => unknown,
  ): Evaluate =>
  (rules, facts) =>
    change(evaluate(rules, facts) as Record<string, unknown>, rules, facts);

describe('policy-kit and the second evaluator', () => {
  it(`agree on ${PAIRS} random pairs of a proposal and its rules, each verdict among them`, () => {
    const { figures, flaws } = compare(evaluate, PAIRS, 1);
    expect(flaws).toEqual([]);
    for (const tag of ['approve', 'deny', 'escalate', 'needs-preview'])
      expect(figures[tag]).toBeGreaterThan(PAIRS / 50);
  });

  it('are given the same pair for the same number', () => {
    expect(JSON.stringify(pairOf(7))).toBe(JSON.stringify(pairOf(7)));
    expect(JSON.stringify(pairOf(7))).not.toBe(JSON.stringify(pairOf(8)));
  });

  it.each<[string, Evaluate]>([
    ['an approval too many', wrong((said) => (said['tag'] === 'escalate' ? { ...said, tag: 'approve' } : said))],
    ['a person too few', wrong((said) => (said['tag'] === 'escalate' ? { ...said, approvals: 1 } : said))],
    ['a role too many', wrong((said) => (said['tag'] === 'escalate' ? { ...said, roles: ['owner'] } : said))],
    ['the code of another denial', wrong((said) => (said['tag'] === 'deny' ? { ...said, code: 'KILLED' } : said))],
    ['rules in another order', (rules, facts) => evaluate([...rules].reverse(), facts)],
    ['a rule left out', (rules, facts) => evaluate(rules.slice(1), facts)],
    ['the permission map left out', (rules, { permissions: _, ...facts }) => evaluate(rules, facts)],
    [
      'a history shared by all',
      (rules, facts) =>
        evaluate(
          rules.map((rule) => ({ ...rule, decide: (own) => rule.decide({ ...own, history: facts.history }) })),
          facts,
        ),
    ],
    [
      'a stage nobody asked for',
      (rules, facts) =>
        evaluate(
          rules.map((rule) => ({ ...rule, decide: (own) => rule.decide({ ...own, stage: facts.stage }) })),
          facts,
        ),
    ],
    [
      'a throw let through',
      () => {
        throw new Error('x');
      },
    ],
  ])('disagree over %s', (_, other) => {
    const { flaws } = compare(other, 2_000, 1);
    expect(flaws.length).toBeGreaterThan(0);
    expect(Math.min(...flaws.map((flaw) => flaw.length))).toBeLessThan(900);
  });
});
