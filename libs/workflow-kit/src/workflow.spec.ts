import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified } from '@countersign/contracts';
import { allow, defineRule, deny } from '@countersign/policy-kit';
import { defineToolContract } from '@countersign/tool-sdk';
import { defineWorkflow, policyVersionOf, type Workflow } from './workflow.js';

const field = z.strictObject({ id: classified('internal', z.string()) });
const tool = defineToolContract({
  name: 'get_order',
  version: '1.0.0',
  description: 'Reads one order.',
  effect: 'read',
  reversible: true,
  target: 'helpdesk',
  input: field,
  output: field,
  permissions: { roles: ['support-agent'] },
});
const rule = defineRule({ name: 'reads', title: 'Reads', tools: ['get_order'], decide: () => allow('it reads') });
const given = (change: Partial<Workflow> = {}): Workflow => ({
  name: 'a-desk',
  version: '1.0.0',
  title: 'A desk',
  prompt: 'Help.',
  model: { temperature: 0, maxTurns: 4, tokenBudget: 1000, timeoutMs: 1000 },
  roles: ['support-agent'],
  tools: [tool],
  rules: [rule],
  limits: { amountPerAction: { EUR: '100.00' }, recordsPerAction: 1 },
  approval: { expiresInMs: 1000 },
  ...change,
});

describe('a workflow', () => {
  it('is taken as it is and frozen', () => {
    expect(defineWorkflow(given())).toEqual(given());
    expect(Object.isFrozen(defineWorkflow(given()))).toBe(true);
  });

  it.each<[string, Partial<Workflow>, string]>([
    ['a name that is not kebab-case', { name: 'A Desk' }, 'its name must be kebab-case'],
    ['a tool twice', { tools: [tool, tool] }, 'the tool get_order stands twice'],
    [
      'a rule on a tool it does not have',
      { rules: [defineRule({ ...rule, tools: ['wire_money'] })] },
      'the rule reads names unknown tools: wire_money',
    ],
    ['no rule', { rules: [] }, 'it has no rule, so everything would be denied'],
    ['no role', { roles: [] }, 'no role may start it'],
  ])('with %s is not fit', (_, change, flaw) => {
    expect(() => defineWorkflow(given(change))).toThrow(flaw);
  });
});

describe('the policy version', () => {
  const version = policyVersionOf(given());
  it('is the same for the same policy, whatever else changes', () => {
    expect(policyVersionOf(given({ title: 'Another', prompt: 'Another' }))).toBe(version);
  });

  it.each<[string, Partial<Workflow>]>([
    ['a rule', { rules: [defineRule({ ...rule, decide: () => deny('PERMISSION_DENIED', 'no') })] }],
    ['a permission', { tools: [{ ...tool, permissions: { roles: ['support-lead'] } }] }],
    ['a limit', { limits: { amountPerAction: { EUR: '100.01' }, recordsPerAction: 1 } }],
    ['who may start it', { roles: ['support-lead'] }],
  ])('changes with %s', (_, change) => {
    expect(policyVersionOf(given(change))).not.toBe(version);
  });
});
