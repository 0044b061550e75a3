import { describe, expect, it } from '@jest/globals';
import { allow, defineRule, deny, escalate, evaluate, type RuleFacts } from './index.js';

const facts: RuleFacts = {
  workflow: 'desk',
  tool: { name: 'pay', effect: 'write' },
  actor: { sub: 'alice', tenant: 'acme', roles: ['clerk'] },
  arguments: {},
  dryRun: false,
  preview: undefined,
  provenance: {},
  history: {},
  now: new Date('2026-03-01T10:00:00Z'),
};
const yes = defineRule({ name: 'yes', title: 'Yes', decide: () => allow('fine') });
const says = (word: unknown) => defineRule({ name: 'odd', title: 'Odd', decide: () => word as never });

/** Rules are plain JavaScript too, and types stop nobody there. */
describe('a rule that says what is no verdict denies: unsure is never yes', () => {
  it.each<[string, unknown]>([
    ['a bare word', 'deny'],
    ['a promise of a denial', Promise.resolve(deny('KILLED', 'x'))],
    ['an outcome there is not', { outcome: 'denied', reason: 'x' }],
    ['an outcome in other letters', { outcome: 'Allow', reason: 'x' }],
    ['no reason', { outcome: 'allow' }],
    ['a reason that is no text', { outcome: 'pass', reason: 7 }],
    ['a denial without a code', { outcome: 'deny', reason: 'x' }],
    ['a denial of a code there is not', { outcome: 'deny', reason: 'x', code: 'NO_SUCH_CODE' }],
    ['a next step that is no text', { ...deny('KILLED', 'x'), nextStep: 7 }],
    ['an escalation to nobody named', { outcome: 'escalate', reason: 'x', approvals: 1 }],
    ['an escalation to one name', { outcome: 'escalate', reason: 'x', roles: 'lead', approvals: 1 }],
    ['an escalation to what is no name', { outcome: 'escalate', reason: 'x', roles: ['lead', 7], approvals: 1 }],
    ['a count in words', { ...escalate('x', ['lead']), approvals: '1' }],
    ['a count without an end', escalate('x', ['lead'], Infinity)],
  ])('%s', (_, word) => {
    expect(evaluate([yes, says(word)], facts)).toEqual({
      tag: 'deny',
      code: 'PERMISSION_DENIED',
      detail: 'Odd: the rule said what is no verdict; unsure is never yes',
      rules: [
        { rule: 'yes', outcome: 'allow', reason: 'fine' },
        { rule: 'odd', outcome: 'deny', reason: 'the rule said what is no verdict; unsure is never yes' },
      ],
    });
  });

  it.each([undefined, null])('%s', (word) => {
    expect(evaluate([yes, says(word)], facts)).toMatchObject({ tag: 'deny', code: 'PERMISSION_DENIED' });
  });

  it('but not one whose words are all as they should be', () => {
    expect(evaluate([yes, says(deny('KILLED', 'x', 'Wait.'))], facts)).toMatchObject({
      code: 'KILLED',
      nextStep: 'Wait.',
    });
    expect(evaluate([yes, says(deny('KILLED', 'x'))], facts)).not.toHaveProperty('nextStep');
    expect(evaluate([yes, says(escalate('x', ['lead'], 3))], facts)).toMatchObject({ roles: ['lead'], approvals: 3 });
  });
});

describe('what a denial says', () => {
  const failing = (what: unknown) =>
    defineRule({
      name: 'odd',
      title: 'Odd',
      decide: () => {
        throw what;
      },
    });

  it('names the kind of failure, and none of its words', () => {
    const detail = (name: string) => ({ detail: `Odd: the rule failed (${name}); unsure is never yes` });
    expect(evaluate([failing(new RangeError('secret'))], facts)).toMatchObject(detail('RangeError'));
    expect(evaluate([failing('secret')], facts)).toMatchObject(detail('unknown'));
  });

  it('names what no role satisfies', () => {
    expect(evaluate([says(escalate('x', []))], facts)).toMatchObject({
      detail: 'the rules ask for approvers no single role satisfies',
    });
  });

  it('names the permission map whose entry asks for nobody', () => {
    const entry = { when: 'over 1', over: '1', roles: ['lead'], approvals: 0 };
    const permissions = { roles: ['clerk'], approvals: { amount: entry } };
    expect(evaluate([yes], { ...facts, permissions, arguments: { amount: '2' } })).toMatchObject({
      detail: 'The permission map: the rule said what is no verdict; unsure is never yes',
    });
  });
});

describe('the name of a rule', () => {
  const named = (name: string) => () => defineRule({ name, title: 'x', decide: () => allow('x') });

  it('is kebab-case from end to end, of 64 letters at most', () => {
    expect(named('a'.repeat(64))).not.toThrow();
    for (const name of ['a'.repeat(65), 'a b', 'a_b', 'aB', '-a', '']) expect(named(name)).toThrow('kebab-case');
  });
});
