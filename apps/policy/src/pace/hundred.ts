import type { Tally } from '@countersign/policy-kit';
import { allow, defineRule, deny, pass, type Rule, type RuleFacts } from '@countersign/policy-kit';

type Kind = (n: number) => Pick<Rule, 'decide' | 'history'>;

const amountOf = ({ arguments: { amount } }: RuleFacts) => Number(amount);

/** What rules of a desk look at: an amount, a currency, who asks, the words of a reason, what was done before. */
const KINDS: readonly Kind[] = [
  (n) => ({
    decide: (facts) => (amountOf(facts) <= 10_000 + n ? pass('not over the limit') : deny('LIMIT_EXCEEDED', 'over it')),
  }),
  (n) => ({
    decide: ({ arguments: { currency } }) =>
      ['EUR', 'USD', 'GBP', `X${n}`].includes(String(currency)) ? pass('known') : deny('INVALID_ARGUMENTS', 'unknown'),
  }),
  (n) => ({
    decide: ({ actor }) =>
      actor.roles.includes(`suspended-${n}`) ? deny('PERMISSION_DENIED', 'suspended') : pass('not suspended'),
  }),
  (n) => ({
    decide: ({ arguments: { reason } }) =>
      new RegExp(`\\bcode-${n}\\b`).test(String(reason)) ? deny('PERMISSION_DENIED', 'forbidden') : pass('plain words'),
  }),
  (n) => ({
    history: () => [{ as: 'today', per: 'user', of: `kind-${n}`, window: 'day' }],
    decide: ({ history }) =>
      history['today']!.actions < 1_000 + n ? pass('few so far') : deny('RATE_LIMITED', 'too many'),
  }),
];

/** All of them are asked about each action, and the last one alone allows it. */
export function hundredRules(count = 100): Rule[] {
  const rules = Array.from({ length: count - 1 }, (_, n) =>
    defineRule({ name: `rule-${n}`, title: `Rule ${n}`, tools: ['issue_refund'], ...KINDS[n % KINDS.length]!(n) }),
  );
  const last = defineRule({
    name: 'small-refund',
    title: 'Refunds of at most 50 may be made',
    tools: ['issue_refund'],
    decide: (facts) => (amountOf(facts) <= 50 ? allow('at most 50') : pass('over 50')),
  });
  return [...rules, last];
}

/** Different ones, so that nothing is learnt of a single one. */
export function manyFacts(rules: readonly Rule[], count = 1_000): RuleFacts[] {
  const tally: Tally = { open: 0, actions: 3, records: 6, amounts: { EUR: '12.00' } };
  const history = Object.fromEntries(rules.filter((rule) => rule.history).map(({ name }) => [`${name}/today`, tally]));
  return Array.from({ length: count }, (_, n) => ({
    workflow: 'support-desk',
    tool: { name: 'issue_refund', effect: 'write' },
    permissions: {
      roles: ['support-agent'],
      approvals: { amount: { when: 'over 50.00', over: '50.00', roles: ['support-lead'] } },
    },
    actor: { sub: `user-${n}`, tenant: 'acme', roles: ['support-agent'] },
    arguments: { orderId: `ord_${n}`, amount: `${(n % 49) + 1}.00`, currency: 'EUR', reason: `late delivery ${n}` },
    dryRun: false,
    preview: undefined,
    provenance: {},
    history,
    now: new Date(1_700_000_000_000 + n),
  }));
}
