import { cursorText } from '../query.js';
import { DAYS } from './traces.js';

/** A search as it is asked over HTTP, in somebody's name; the nth time with a value of its own where there are several. */
export interface Question {
  field: string;
  value: string;
  sub: string;
  role: string;
  ask(n: number): Record<string, string>;
}

const DAY = 24 * 3600 * 1000;

/** Each field by what stands in most traces, in few, in old ones alone and in none; then several fields, and people who see less. */
export function questions(now: number, traces: number): Question[] {
  const daysAgo = (days: number) => new Date(now - days * DAY).toISOString();
  const auditor = (field: string, value: string, ask: Question['ask']) => ({
    ...{ field, value, sub: 'audra', role: 'auditor', ask },
  });
  const own = (sub: string, value: string, ask: Question['ask']) => ({
    ...{ field: `${sub}, own only`, value, sub, role: 'support-agent', ask },
  });
  const order = (n: number) => `ord_9${Math.floor((traces * (n + 1)) / 25)}`;
  const deep = cursorText({ at: daysAgo(DAYS / 2), topic: 'decisions', partition: 0, offset: '0' });
  return [
    auditor('none', 'the newest', () => ({})),
    auditor('none', '200 of them', () => ({ limit: '200' })),
    auditor('tenant', 'acme', () => ({ tenant: 'acme' })),
    auditor('tenant', 'unverified', () => ({ tenant: 'unverified' })),
    auditor('actor', 'common', () => ({ actor: 'alice' })),
    auditor('actor', 'rare', () => ({ actor: 'zoe' })),
    auditor('tool', 'common', () => ({ tool: 'issue_refund' })),
    auditor('tool', 'old alone', () => ({ tool: 'credit_points' })),
    auditor('tool', 'rare', () => ({ tool: 'close_account' })),
    auditor('tool', 'absent', () => ({ tool: 'no_such_tool' })),
    auditor('rule', 'common', () => ({ rule: 'the-rule' })),
    auditor('rule', 'rare', () => ({ rule: 'rule-of-the-year' })),
    auditor('code', 'common', () => ({ code: 'PERMISSION_DENIED' })),
    auditor('code', "auditors' alone", () => ({ code: 'TENANT_MISMATCH' })),
    auditor('outcome', 'common', () => ({ outcome: 'committed' })),
    auditor('outcome', 'rare', () => ({ outcome: 'blocked' })),
    auditor('subject', 'common', () => ({ subject: 'ord_1002' })),
    auditor('subject', 'one', (n) => ({ subject: order(n) })),
    auditor('record', 'common', () => ({ record: 'ord_1002' })),
    auditor('record', 'one', (n) => ({ record: order(n) })),
    auditor('text', 'common', () => ({ text: 'Refund' })),
    auditor('text', 'common, three words', () => ({ text: 'refund order word1' })),
    auditor('text', 'rare', () => ({ text: 'zeppelin' })),
    auditor('text', 'seldom, each another', (n) => ({ text: `refund word${3000 + n}` })),
    auditor('time', 'a day long ago', (n) => ({ from: daysAgo(30 - n / 20), to: daysAgo(29 - n / 20) })),
    auditor('time', 'and a common tool', (n) => ({
      ...{ from: daysAgo(30 - n / 20), to: daysAgo(29 - n / 20), tool: 'issue_refund' },
    })),
    auditor('together', 'all of them', () => ({
      ...{ tenant: 'acme', actor: 'alice', tool: 'issue_refund', rule: 'the-rule', outcome: 'committed' },
      ...{ record: 'ord_1002', text: 'refund order', from: daysAgo(20) },
    })),
    auditor('together', 'common, never both', () => ({ code: 'PERMISSION_DENIED', outcome: 'committed' })),
    auditor('together', 'common and rare', () => ({ outcome: 'committed', text: 'zeppelin' })),
    auditor('page', 'far down', () => ({ tool: 'issue_refund', cursor: deep })),
    own('alice', 'common', () => ({ tool: 'issue_refund' })),
    own('zoe', 'common', () => ({ tool: 'issue_refund' })),
    own('alice', 'rare', () => ({ text: 'zeppelin' })),
    own('nobody', 'common', () => ({ tool: 'issue_refund' })),
  ];
}
