import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  allow,
  defineRule,
  deny,
  escalate,
  evaluate,
  pass,
  type Rule,
  type RuleFacts,
  type RuleVerdict,
} from './index.js';

const facts: RuleFacts = {
  workflow: 'desk',
  tool: { name: 'pay', effect: 'write' },
  actor: { sub: 'alice', tenant: 'acme', roles: ['clerk'] },
  arguments: { amount: '18.00' },
  dryRun: false,
  preview: undefined,
  provenance: {},
  history: {},
  now: new Date('2026-03-01T10:00:00Z'),
};
const preview = { effect: { balance: '5' }, basis: {}, digest: 'd' };
const rule = (name: string, decide: () => RuleVerdict, given: Partial<Rule> = {}) =>
  defineRule({ name, title: `Rule ${name}`, decide, ...given });
const yes = rule('yes', () => allow('fine'));
const no = rule('no', () => deny('LIMIT_EXCEEDED', 'too much', 'ask for less'));
const people = rule('people', () => escalate('large', ['lead', 'boss'], 2));
const silent = rule('silent', () => pass('not mine'));

describe('rules', () => {
  it('approve when one allows and none objects', () => {
    const rules = [
      { rule: 'silent', outcome: 'pass', reason: 'not mine' },
      { rule: 'yes', outcome: 'allow', reason: 'fine' },
    ];
    expect(evaluate([silent, yes], facts)).toEqual({ tag: 'approve', rules });
  });

  it('deny unless one allows', () => {
    const none = { tag: 'deny', code: 'PERMISSION_DENIED', detail: 'no rule allows pay here' };
    expect(evaluate([silent], facts)).toMatchObject(none);
    expect(evaluate([], facts)).toMatchObject(none);
    expect(evaluate([rule('other', () => allow('x'), { tools: ['look_up'] })], facts)).toMatchObject(none);
  });

  it.each([[[no, people, yes]], [[yes, people, no]]])('deny over escalate over approve, in any order', (rules) => {
    expect(evaluate(rules, facts)).toMatchObject({
      tag: 'deny',
      code: 'LIMIT_EXCEEDED',
      detail: 'Rule no: too much',
      nextStep: 'ask for less',
    });
    expect(
      evaluate(
        rules.filter((one) => one !== no),
        facts,
      ),
    ).toMatchObject({ tag: 'escalate', roles: ['lead', 'boss'], approvals: 2 });
  });

  it('deny when one throws: unsure is never yes', () => {
    const broken = rule('broken', () => {
      throw new RangeError('secret words of a record');
    });
    const verdict = evaluate([yes, broken], facts);
    expect(verdict).toMatchObject({ tag: 'deny', code: 'PERMISSION_DENIED' });
    expect(JSON.stringify(verdict)).not.toContain('secret words');
  });

  it('wait for the preview when one needs it, unless another denies without it', () => {
    const careful = rule('careful', () => allow('seen'), { needs: ['preview'] });
    expect(evaluate([yes, careful], facts)).toMatchObject({ tag: 'needs-preview' });
    expect(evaluate([no, careful], facts)).toMatchObject({ tag: 'deny' });
    expect(evaluate([careful], { ...facts, preview })).toMatchObject({ tag: 'approve', rules: [{ rule: 'careful' }] });
  });

  it('that ask for people need a role each of them names, and the strictest count', () => {
    const boss = rule('boss', () => escalate('huge', ['boss', 'owner'], 1));
    const owner = rule('owner', () => escalate('odd', ['owner']));
    expect(evaluate([people, boss], facts)).toMatchObject({ tag: 'escalate', roles: ['boss'], approvals: 2 });
    expect(evaluate([people, owner], facts)).toMatchObject({ tag: 'deny', code: 'PERMISSION_DENIED' });
  });

  it.each([0, -1, 0.5, NaN])('that ask for %d people deny', (count) => {
    expect(evaluate([yes, rule('nobody', () => escalate('x', ['lead'], count))], facts)).toMatchObject({ tag: 'deny' });
  });

  it('have a name that can stand in a path', () => {
    expect(() => rule('Not Fit', () => allow('x'))).toThrow('kebab-case');
  });
});

describe('for any set of rules', () => {
  const verdicts = fc.constantFrom<RuleVerdict>(
    allow('a'),
    deny('LIMIT_EXCEEDED', 'd'),
    escalate('e', ['lead']),
    escalate('e', []),
    pass('p'),
  );
  const anyRule = fc.record({
    verdict: fc.option(verdicts, { nil: undefined }),
    tools: fc.option(fc.subarray(['pay', 'look_up']), { nil: undefined }),
    needs: fc.boolean(),
  });
  const anyRules = fc.array(anyRule, { maxLength: 6 }).map((all) =>
    all.map(({ verdict, tools, needs }, at) => ({
      verdict,
      speaks: !tools || tools.includes('pay'),
      rule: rule(
        `r-${at}`,
        () => {
          if (!verdict) throw new Error('broken');
          return verdict;
        },
        { ...(tools ? { tools } : {}), ...(needs ? { needs: ['preview'] } : {}) },
      ),
    })),
  );

  it.each([undefined, preview])(
    'nothing is approved without an allow, or over any other word (preview: %j)',
    (seen) => {
      const check = fc.property(anyRules, (all) => {
        const verdict = evaluate(
          all.map((one) => one.rule),
          { ...facts, preview: seen },
        );
        if (verdict.tag !== 'approve') return true;
        const asked = all.filter((one) => one.speaks).map((one) => one.verdict?.outcome ?? 'throws');
        return asked.includes('allow') && asked.every((outcome) => outcome === 'allow' || outcome === 'pass');
      });
      fc.assert(check, { numRuns: 2_000, seed: 7 });
    },
  );
});
