import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject } from '@countersign/contracts';
import type { ApprovalNeed } from '@countersign/tool-sdk';
import { allow, defineRule, deny, evaluate, permissionNeeds, type RuleFacts, type RuleVerdict } from './index.js';

const LONG = `${'9'.repeat(15)}.9999`;
const lead = { when: 'named', roles: ['lead'] };
const over50: ApprovalNeed = { ...lead, over: '50.00' };
const named: ApprovalNeed = { ...lead, oneOf: ['admin', 'support-lead'] };
const every: ApprovalNeed = { ...lead, always: true };
const needs = (need: ApprovalNeed, value: Json | undefined): boolean => {
  const args: JsonObject = value === undefined ? {} : { value };
  return permissionNeeds({ roles: ['clerk'], approvals: { value: need } }, args).length > 0;
};
const sealed = { $sealed: { token: 'tok_12345678', class: 'personal' } };

describe('a permission map', () => {
  it('names parameter, words, roles and count of what needs approval', () => {
    const approvals = { amount: { ...over50, when: 'over 50.00', approvals: 2 }, role: named, note: every };
    expect(permissionNeeds({ roles: ['clerk'], approvals }, { amount: '50.01', role: 'clerk', note: 'x' })).toEqual([
      { parameter: 'amount', when: 'over 50.00', roles: ['lead'], approvals: 2 },
      { parameter: 'note', when: 'named', roles: ['lead'], approvals: 1 },
    ]);
    expect(permissionNeeds({ roles: ['clerk'] }, { amount: '50.01' })).toEqual([]);
  });

  it.each<[string, ApprovalNeed, Json]>([
    ['the limit itself', over50, '50.00'],
    ['an amount under it', over50, '7'],
    ['a number under it', over50, 49.99],
    ['a value it does not name', named, 'clerk'],
    ['a list with none it names', named, ['clerk', 'agent']],
    ['an empty list', named, []],
    ['a number it does not name', named, 7],
  ])('lets %s be', (_, need, value) => {
    expect(needs(need, value)).toBe(false);
  });

  it.each<[string, ApprovalNeed, Json | undefined]>([
    ['a cent more', over50, '50.01'],
    ['a hair more', over50, '50.000000000000000000000000000001'],
    ['what a float cannot tell apart', { ...lead, over: LONG }, `${'9'.repeat(15)}.99991`],
    ['as much the other way', over50, '-50.01'],
    ['no decimal', over50, 'fifty'],
    ['an exponent', over50, '1e3'],
    ['hexadecimal', over50, '0x10'],
    ['a decimal in a sentence', over50, '10.00 EUR'],
    ['infinity', over50, 'Infinity'],
    ['an empty string', over50, ''],
    ['a list of decimals', over50, ['10.00', '10.00', '40.00']],
    ['an object', over50, { amount: '1.00' }],
    ['nothing', over50, null],
    ['a missing amount', over50, undefined],
    ['a map whose limit is no decimal', { ...lead, over: 'fifty' }, '1.00'],
    ['a named value', named, 'admin'],
    ['a named value in other letters', named, ' ADMIN'],
    ['a named value in wide letters', named, 'ａｄｍｉｎ'],
    ['a list that holds one', named, ['clerk', 'support-lead']],
    ['a list in a list', named, [['clerk']]],
    ['a sealed value', named, sealed],
    ['a sealed value in a list', named, ['clerk', sealed]],
    ['a sealed value in words', named, 'make it tok_12345678'],
    ['a missing value', named, undefined],
    ['every value', every, ''],
    ['a missing value of every value', every, undefined],
    ['every value, whatever else the entry says', { ...over50, always: true }, '1.00'],
    ['an entry that says nothing', lead, 'x'],
  ])('asks for a person over %s', (_, need, value) => {
    expect(needs(need, value)).toBe(true);
  });

  it('takes nothing every object has for a value', () => {
    const approvals = { constructor: named };
    expect(permissionNeeds({ roles: ['clerk'], approvals }, {})).toHaveLength(1);
  });

  it('never lets be what is over, however it is written', () => {
    const check = fc.property(fc.jsonValue(), (value) => {
      if (needs(over50, value as Json)) return true;
      return (typeof value === 'string' || typeof value === 'number') && Math.abs(Number(value)) <= 50;
    });
    fc.assert(check, { numRuns: 2_000, seed: 7 });
  });
});

describe('a permission map beside the rules', () => {
  const facts = (amount: string, need: ApprovalNeed = over50): RuleFacts => ({
    workflow: 'desk',
    tool: { name: 'pay', effect: 'write' },
    permissions: { roles: ['clerk'], approvals: { amount: need } },
    actor: { sub: 'alice', tenant: 'acme', roles: ['clerk'] },
    arguments: { amount },
    dryRun: false,
    preview: undefined,
    provenance: {},
    history: {},
    now: new Date('2026-03-01T10:00:00Z'),
  });
  const rule = (decide: () => RuleVerdict) => defineRule({ name: 'pays', title: 'Pays', decide });
  const yes = rule(() => allow('fine'));

  it('escalates what a rule allows', () => {
    expect(evaluate([yes], facts('50.00'))).toEqual({
      tag: 'approve',
      rules: [{ rule: 'pays', outcome: 'allow', reason: 'fine' }],
    });
    expect(evaluate([yes], facts('50.01'))).toEqual({
      tag: 'escalate',
      roles: ['lead'],
      approvals: 1,
      rules: [
        { rule: 'pays', outcome: 'allow', reason: 'fine' },
        { rule: 'permission-map', outcome: 'escalate', reason: 'amount: named' },
      ],
    });
  });

  it('never softens a denial, and allows nothing by itself', () => {
    expect(evaluate([rule(() => deny('LIMIT_EXCEEDED', 'no'))], facts('50.01'))).toMatchObject({ tag: 'deny' });
    expect(evaluate([], facts('50.00'))).toMatchObject({ tag: 'deny', code: 'PERMISSION_DENIED' });
  });

  it('that asks for nobody denies', () => {
    expect(evaluate([yes], facts('50.01', { ...over50, roles: [] }))).toMatchObject({ tag: 'deny' });
    expect(evaluate([yes], facts('50.01', { ...over50, approvals: 0 }))).toMatchObject({ tag: 'deny' });
  });

  it('has a name no rule may take', () => {
    const named = { name: 'permission-map', title: 'x', decide: () => allow('x') };
    expect(() => defineRule(named)).toThrow("the name of the tools' own maps");
  });
});
