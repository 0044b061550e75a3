import { z } from 'zod';
import { classified } from '@countersign/contracts';
import { allow, defineRule, pass } from '@countersign/policy-kit';
import { defineToolContract } from '@countersign/tool-sdk';
import { defineWorkflow } from '@countersign/workflow-kit';
import { parseSamples } from './samples.js';

const id = classified('internal', z.string().min(3));
const amount = classified('internal', z.string().regex(/^\d{1,9}(\.\d{1,2})?$/));
const currency = classified('internal', z.string().length(3));

const about = defineToolContract({
  name: 'get_account',
  version: '1.0.0',
  description: 'Reads an account.',
  effect: 'read',
  reversible: true,
  target: 'bank',
  input: z.strictObject({ id }),
  output: z.object({ id }),
  permissions: { roles: ['clerk', 'boss'], restricted: ['boss'] },
});

/** Two bosses for more than 50, of 100 at most; 150 a session, three times a day. */
const pay = defineToolContract({
  name: 'pay',
  version: '1.0.0',
  description: 'Pays an amount.',
  effect: 'write',
  class: 'A',
  reversible: false,
  target: 'bank',
  input: z.strictObject({ id, amount, currency, note: classified('internal', z.string()).optional() }),
  output: z.object({ id }),
  blast: (args) => ({
    amount: { amount: String(args['amount']), currency: String(args['currency']) },
    records: 1,
    affected: [String(args['id'])],
  }),
  permissions: {
    roles: ['clerk', 'boss'],
    approvals: { amount: { when: 'over 50.00', over: '50.00', roles: ['boss'], approvals: 2 } },
  },
});

const reads = defineRule({ name: 'reads', title: 'Reads', tools: ['get_account'], decide: () => allow('a read') });
const small = defineRule({
  name: 'small',
  title: 'Small sums',
  tools: ['pay'],
  decide: ({ arguments: args }) => (Number(args['amount']) <= 50 ? allow('small') : pass('not small')),
});

export const payDesk = defineWorkflow({
  name: 'pay-desk',
  version: '1.0.0',
  title: 'Pay desk',
  prompt: 'Pay.',
  model: { temperature: 0, maxTurns: 1, tokenBudget: 1, timeoutMs: 1 },
  roles: ['clerk', 'boss', 'auditor'],
  tools: [about, pay],
  rules: [reads, small],
  done: { pay: 'the bank has the payment' },
  limits: { amountPerAction: { EUR: '100.00' }, recordsPerAction: 1, amountPerSession: { EUR: '150.00' } },
  budgets: [{ name: 'payments', per: 'user', tools: ['pay'], actionsPerDay: 3 }],
  approval: { expiresInMs: 1 },
});

export const SAMPLES = `workflow: pay-desk
tools:
  get_account:
    arguments: { id: acc_1 }
    records: [{ type: account, id: acc_1, fields: { owner: Bo } }]
    about: id
    restricted: [{ type: account, id: acc_1, fields: { secret: true } }]
  pay:
    arguments: { id: acc_1, amount: '{amount}', currency: '{currency}' }
    amount: '5.00'
    currency: EUR
    records: [{ type: account, id: acc_1, fields: { currency: '{currency}' } }]
    about: id
    restricted: null
    effects: [{ kind: payment, record: acc_1, amount: '{amount}', currency: '{currency}' }]
`;
export const samples = parseSamples(SAMPLES);
