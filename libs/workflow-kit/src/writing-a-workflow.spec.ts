import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { evaluate, historyAsksOf, type RuleFacts, type Tally } from '@countersign/policy-kit';
import { workflowFlaws } from './workflow-flaws.js';
import type { Workflow } from './workflow.js';
// begin: rules over history
import { deny, defineRule, escalate, pass } from '@countersign/policy-kit';

export const oneAnOrder = defineRule({
  name: 'one-an-order',
  title: 'One open refund an order',
  tools: ['issue_refund'],
  history: ({ arguments: { orderId } }) => [{ as: 'ofOrder', per: 'tenant', of: String(orderId), window: 'ever' }],
  decide: ({ history: { ofOrder } }) =>
    ofOrder?.open === 0
      ? pass('no other refund of this order is open')
      : deny('LIMIT_EXCEEDED', 'a refund of this order is open', 'Wait until it has ended, then ask again.'),
});

export const manyToday = defineRule({
  name: 'many-today',
  title: 'From the sixth refund a day a lead looks at each',
  tools: ['issue_refund'],
  history: () => [{ as: 'today', per: 'user', window: 'day' }],
  decide: ({ history: { today } }) =>
    today && today.actions < 5 ? pass(`${today.actions} before it`) : escalate('five before it', ['support-lead']),
});
// end
import type { Budget } from './workflow.js';

// begin: budgets
export const budgets: Budget[] = [
  { name: 'money', per: 'user', amountPerDay: { EUR: '5000.00' } },
  { name: 'refunds', per: 'tenant', tools: ['issue_refund'], actionsPerDay: 400 },
  { name: 'each-tool', per: 'tool', recordsPerDay: 10_000 },
];
// end

const own = readFileSync(import.meta.filename, 'utf8');
const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/writing-a-workflow.md'), 'utf8');
const shown = (name: string) => own.split(`// begin: ${name}\n`)[1]!.split('// end')[0]!.trimEnd();

describe('the page about writing a workflow', () => {
  it.each(['rules over history', 'budgets'])('shows %s as they stand here', (name) => {
    expect(page).toContain(`\`\`\`ts\n${shown(name)}\n\`\`\``);
  });

  const facts = (history: Record<string, Tally>): RuleFacts => ({
    ...{ workflow: 'desk', tool: { name: 'issue_refund', effect: 'write' }, arguments: { orderId: 'ord_7' } },
    ...{ actor: { sub: 'ann', tenant: 'acme', roles: ['clerk'] }, dryRun: false, preview: undefined, provenance: {} },
    ...{ history, now: new Date(0) },
  });
  const tally = (change: Partial<Tally>): Tally => ({ open: 0, actions: 0, records: 0, amounts: {}, ...change });

  it('shows rules that decide as it says', () => {
    const names = historyAsksOf([oneAnOrder, manyToday], facts({})).map(({ name }) => name);
    expect(names).toEqual(['one-an-order/ofOrder', 'many-today/today']);
    const verdict = (open: number, actions: number) =>
      evaluate(
        [oneAnOrder, manyToday],
        facts({ 'one-an-order/ofOrder': tally({ open }), 'many-today/today': tally({ actions }) }),
      );
    expect(verdict(1, 0)).toMatchObject({ tag: 'deny', code: 'LIMIT_EXCEEDED' });
    expect(verdict(0, 5)).toMatchObject({ tag: 'escalate', roles: ['support-lead'] });
    expect(verdict(0, 4).rules.map(({ outcome }) => outcome)).toEqual(['pass', 'pass']);
  });

  it('shows budgets that are fit', () => {
    const workflow = {
      name: 'desk',
      tools: [],
      rules: [],
      roles: [],
      limits: { amountPerAction: {}, recordsPerAction: 1 },
    };
    const flaws = workflowFlaws({ ...workflow, budgets } as unknown as Workflow);
    expect(flaws.filter((flaw) => flaw.includes('budget'))).toEqual([
      'the budget refunds names unknown tools: issue_refund',
    ]);
  });
});
