import { expect, it } from '@jest/globals';
import { evaluate } from '@countersign/policy-kit';
import { hundredRules, manyFacts } from './hundred.js';
import { calibration, paceOf } from './pace.js';

it('all hundred rules are asked of each action, and each has its say', () => {
  const rules = hundredRules();
  for (const facts of manyFacts(rules, 20)) {
    const verdict = evaluate(rules, facts);
    expect(verdict.tag).toBe('approve');
    expect(new Set(verdict.rules.map(({ rule }) => rule)).size).toBe(100);
  }
});

it('the calibration is the same computation on every machine', () => {
  expect(calibration()).toBe(calibration());
  expect(calibration(1)).not.toBe(calibration(2));
});

it('a pace has an order: half of the decisions take no longer than nearly all', () => {
  const rules = hundredRules();
  const { p50Us, p99Us, perSecond, calibrationMs } = paceOf(rules, manyFacts(rules, 50), 200);
  expect(p50Us).toBeGreaterThan(0);
  expect(p99Us).toBeGreaterThanOrEqual(p50Us);
  expect(perSecond).toBeGreaterThan(0);
  expect(calibrationMs).toBeGreaterThan(0);
});

it('refuses to time what no rule approves', () => {
  const [rule] = hundredRules();
  expect(() => paceOf([rule!], manyFacts(hundredRules(), 1), 1)).toThrow('rules approve');
});
