import { z } from 'zod';
import { classified } from '@countersign/contracts';
import { allow, defineRule, deny, escalate, pass } from '@countersign/policy-kit';
import { defineToolContract } from '@countersign/tool-sdk';
import { defineWorkflow } from '@countersign/workflow-kit';

const text = classified('internal', z.string().regex(/^\d+(\.\d{2})?$/));

/** Pays: a rule for small sums, one that counts, one that must see the effect. */
export const pay = defineToolContract({
  name: 'pay',
  version: '1.0.0',
  description: 'Pays an amount.',
  effect: 'write',
  class: 'A',
  reversible: false,
  target: 'bank',
  input: z.strictObject({ amount: text }),
  output: z.object({ id: classified('internal', z.string()) }),
  blast: ({ amount }) => ({ amount: { amount: String(amount), currency: 'EUR' }, records: 1, affected: [] }),
  permissions: {
    roles: ['clerk', 'boss'],
    approvals: { amount: { when: 'over 50.00', over: '50.00', roles: ['boss'], approvals: 2 } },
  },
});

const small = defineRule({
  name: 'small',
  title: 'Small sums are paid',
  decide: ({ arguments: { amount } }) => (Number(amount) <= 100 ? allow('small') : pass('not small')),
});
const oneAtATime = defineRule({
  name: 'one-at-a-time',
  title: 'One payment at a time',
  history: () => [{ as: 'mine', per: 'user', window: 'ever' }],
  decide: ({ history }) => (history['mine']!.open > 0 ? deny('LIMIT_EXCEEDED', 'one is open', 'Wait.') : pass('none')),
});
const seen = defineRule({
  name: 'seen',
  title: 'What empties the account is decided by a boss',
  needs: ['preview'],
  decide: ({ preview }) =>
    (preview!.effect as { left: string }).left === '0.00' ? escalate('it is emptied', ['boss']) : pass('some is left'),
});

export const desk = defineWorkflow({
  name: 'pay-desk',
  version: '1.0.0',
  title: 'Pay desk',
  prompt: 'Pay.',
  model: { temperature: 0, maxTurns: 1, tokenBudget: 1, timeoutMs: 1 },
  roles: ['clerk', 'boss'],
  tools: [pay],
  rules: [small, oneAtATime, seen],
  limits: { amountPerAction: { EUR: '1000.00' }, recordsPerAction: 1 },
  approval: { expiresInMs: 1 },
});
