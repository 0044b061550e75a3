import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { Source } from '@countersign/context';
import { classified } from '@countersign/contracts';
import { allow, defineRule, deny } from '@countersign/policy-kit';
import { defineToolContract } from '@countersign/tool-sdk';
import { defineWorkflow, policyVersionOf, type Budget, type Workflow } from './workflow.js';

const word = classified('internal', z.string());
const tool = defineToolContract({
  name: 'get_order',
  version: '1.0.0',
  description: 'Reads one order.',
  effect: 'read',
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ id: word }),
  output: z.object({ id: word, lines: z.array(z.object({ sku: word })) }),
  permissions: { roles: ['support-agent'] },
});
const rule = defineRule({ name: 'reads', title: 'Reads', tools: ['get_order'], decide: () => allow('it reads') });
const close = defineToolContract({ ...tool, name: 'close_order', effect: 'write', class: 'D' });
const source = (change: Partial<Source> = {}): Source => ({
  name: 'order',
  tool: 'get_order',
  argument: 'id',
  record: 'order',
  fields: { id: 'system', 'lines.sku': 'untrusted' },
  freshForMs: 60_000,
  ...change,
});
const budget = (change: Partial<Budget> = {}): Budget => ({
  ...{ name: 'reads', per: 'user', tools: ['get_order'], actionsPerDay: 5 },
  ...change,
});
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

  it('may have sources and what done means', () => {
    const more = {
      sources: [source()],
      maxReplans: 0,
      budgets: [budget()],
      tools: [tool, close],
      done: { close_order: 'closed' },
    };
    expect(defineWorkflow(given(more))).toMatchObject(more);
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
    [
      'a contract nothing has checked',
      { tools: [{ ...tool, permissions: { roles: [] } }] },
      'the tool get_order is not fit: no role may call it',
    ],
    ['done of a tool it does not have', { done: { close: 'closed' } }, 'done names the unknown tool close'],
    ['done of a read', { done: { get_order: 'read' } }, 'done names get_order, which only reads'],
    [
      'access to a tool it does not have',
      { access: { look: { resource: 'order', arguments: {} } } },
      'access names the unknown tool look',
    ],
    [
      'access that says what is no input',
      { access: { get_order: { resource: 'order', arguments: { id: 'resource.id', orderId: 'resource.id' } } } },
      'access of get_order names orderId, which is no input',
    ],
    [
      'access that leaves an input out',
      { access: { get_order: { resource: 'order', arguments: {} } } },
      'access of get_order says no place of id',
    ],
    [
      'access from no place in a question',
      { access: { get_order: { resource: 'order', arguments: { id: 'subject.roles' } } } },
      'access of get_order takes a value from subject.roles, which is no place in a question',
    ],
    [
      'access of no type',
      { access: { get_order: { resource: '', arguments: { id: 'resource.id' } } } },
      'access of get_order names no type of resource',
    ],
    ['done without words', { tools: [tool, close], done: { close_order: ' ' } }, 'done of close_order says nothing'],
    ['a source twice', { sources: [source(), source()] }, 'the source order stands twice'],
    [
      'two sources of one record',
      { sources: [source(), source({ name: 'again' })] },
      'a source of order by get_order stands twice',
    ],
    ['a source of no tool', { sources: [source({ tool: 'look' })] }, 'the source order names the unknown tool look'],
    [
      'a source that writes',
      { tools: [tool, close], sources: [source({ tool: 'close_order' })] },
      'the source order needs a read tool, and close_order is none',
    ],
    [
      'a source by no input',
      { sources: [source({ argument: 'orderId' })] },
      'the source order names orderId, which is no input of get_order',
    ],
    [
      'a source one argument cannot read',
      { sources: [source({ argument: 'orderId' })] },
      'the source order cannot be read again by orderId alone: get_order needs id',
    ],
    [
      'a source that shows what is not given',
      { sources: [source({ fields: { id: 'system', 'lines.secret': 'system' } })] },
      'the source order shows what get_order does not give: lines.secret',
    ],
    [
      'a step for no tool',
      { sources: [source({ steps: [{ tools: ['wire'], fields: ['id'] }] })] },
      'the source order has a step for unknown tools: wire',
    ],
    [
      'a source nothing has checked',
      { sources: [source({ freshForMs: 0 })] },
      'the source order: freshForMs must be a whole number over 0',
    ],
    ['half a replan', { maxReplans: 0.5 }, 'maxReplans must be a whole number'],
    [
      'a limit that is no decimal',
      { limits: { amountPerAction: { EUR: '1,000' }, recordsPerAction: 1 } },
      'the limit amountPerAction of 1,000 EUR, which is no decimal of a currency',
    ],
    [
      'a limit of no currency',
      { limits: { amountPerAction: { euro: '1000' }, recordsPerAction: 1 } },
      'the limit amountPerAction of 1000 euro, which is no decimal of a currency',
    ],
    [
      'a limit a session that is none',
      { limits: { amountPerAction: {}, recordsPerAction: 1, recordsPerSession: -1 } },
      'the limit recordsPerSession of -1, which is no count',
    ],
    ['two rules of one name', { rules: [rule, rule] }, 'the rule reads stands twice'],
    ['two budgets of one name', { budgets: [budget(), budget({ per: 'tenant' })] }, 'the budget reads stands twice'],
    [
      'a budget of no name',
      { budgets: [budget({ name: 'All Reads' })] },
      'the budget All Reads needs a kebab-case name',
    ],
    ['a budget per nobody', { budgets: [budget({ per: 'day' as 'user' })] }, 'is per day: user, tenant or tool'],
    ['a budget of no tool it has', { budgets: [budget({ tools: ['wire'] })] }, 'names unknown tools: wire'],
    ['a budget of no tool at all', { budgets: [budget({ tools: [] })] }, 'the budget reads names no tool'],
    ['a budget that limits nothing', { budgets: [{ name: 'reads', per: 'user' }] }, 'the budget reads limits nothing'],
    [
      'half an action a day',
      { budgets: [budget({ actionsPerDay: 0.5 })] },
      'has actionsPerDay of 0.5, which is no count',
    ],
    ['records below none', { budgets: [budget({ recordsPerDay: -1 })] }, 'has recordsPerDay of -1, which is no count'],
    [
      'money a day that is none',
      { budgets: [budget({ amountPerDay: { EUR: '1e3' } })] },
      'has amountPerDay of 1e3 EUR, which is no decimal of a currency',
    ],
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
    ['what a tool could touch', { tools: [{ ...tool, blast: () => ({ records: 2, affected: [] }) }] }],
    ['which edits take away alone', { tools: [{ ...tool, narrows: () => true }] }],
    ['a limit', { limits: { amountPerAction: { EUR: '100.01' }, recordsPerAction: 1 } }],
    ['a budget', { budgets: [budget()] }],
    ['what a rule has counted', { rules: [defineRule({ ...rule, history: () => [] })] }],
    ['what a rule needs', { rules: [defineRule({ ...rule, needs: ['stage'] })] }],
    ['who may start it', { roles: ['support-lead'] }],
    ['whose words a field holds', { sources: [source({ fields: { id: 'untrusted' } })] }],
    ['when a person is asked about stale context', { maxReplans: 1 }],
  ])('changes with %s', (_, change) => {
    expect(policyVersionOf(given(change))).not.toBe(version);
  });
});
