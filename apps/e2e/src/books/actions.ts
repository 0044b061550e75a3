import type { ApprovalItem, IntentToPublish } from '@countersign/demo';

/** One action of the books: what was asked, in whose name, as the product that asked remembers it. */
export interface Asked {
  intent: IntentToPublish;
  actor: string;
  tenant: 'acme' | 'globex';
  tool: string;
  /** The record it is about. */
  record: string;
  /** In the ledger; undefined: nothing may be. */
  effect: { kind: string; record?: string; amount?: string } | undefined;
}

export type Tokens = Record<string, string>;

type Make = (
  n: number,
) => Pick<Asked, 'actor' | 'tool' | 'effect'> & { args: Record<string, unknown>; dryRun?: boolean; tenant?: 'globex' };

const order = (n: number) => `ord_${13_100 + (n % 1_800)}`;
/** One and the other in turn: an order has one open refund at a time. */
const theirs = (n: number) => `ord_200${1 + (Math.floor(n / 20) % 2)}`;
const customer = (n: number) => `cus_${5_000 + (n % 100)}`;
const refund = (orderId: string, amount: string, currency = 'EUR') => ({
  orderId,
  amount,
  currency,
  reason: 'for the books',
});
const refunded = (record: string, amount: string) => ({ kind: 'refund', record, amount });

/** Reads, commits, refusals of rules, people and targets, of both tenants, in turn. */
const MAKERS: Make[] = [
  (n) => ({ actor: 'alice', tool: 'get_order', args: { orderId: order(n) }, effect: undefined }),
  (n) => ({ actor: 'alice', tool: 'issue_refund', args: refund(order(n), '5.00'), effect: refunded(order(n), '5.00') }),
  (n) => ({ actor: 'bob', tool: 'get_customer', args: { customerId: customer(n) }, effect: undefined }),
  (n) => ({
    actor: 'alice',
    tool: 'create_ticket',
    args: { customerId: customer(n), subject: 'books', body: `number ${n % 7}` },
    effect: { kind: 'ticket' },
  }),
  (n) => ({
    actor: 'alice',
    tool: 'issue_refund',
    args: refund(order(n), '70.00'),
    effect: refunded(order(n), '70.00'),
  }),
  (n) => ({ actor: 'bob', tool: 'issue_refund', args: refund(order(n), '6.00'), effect: refunded(order(n), '6.00') }),
  (n) => ({
    actor: 'alice',
    tool: 'compute_refund_preview',
    args: { orderId: order(n), amount: '9.00', currency: 'EUR' },
    effect: undefined,
  }),
  (n) => ({ actor: 'alice', tool: 'issue_refund', args: refund(order(n), '7.00'), dryRun: true, effect: undefined }),
  (n) => ({
    actor: 'erin',
    tenant: 'globex',
    tool: 'get_order',
    args: { orderId: `ord_200${1 + (n % 2)}` },
    effect: undefined,
  }),
  (n) => ({
    actor: 'erin',
    tenant: 'globex',
    tool: 'issue_refund',
    args: refund(theirs(n), '0.10'),
    effect: refunded(theirs(n), '0.10'),
  }),
  () => ({ actor: 'erin', tenant: 'globex', tool: 'get_order', args: { orderId: 'ord_1001' }, effect: undefined }),
  (n) => ({ actor: 'alice', tool: 'issue_refund', args: refund(order(n), '8.00', 'USD'), effect: undefined }),
  (n) => ({ actor: 'alice', tool: 'issue_refund', args: refund(order(n), '71.00'), effect: undefined }),
  () => ({ actor: 'alice', tool: 'get_customer', args: { customerId: 'cus_005' }, effect: undefined }),
  () => ({ actor: 'bob', tool: 'get_customer', args: { customerId: 'cus_005' }, effect: undefined }),
  () => ({ actor: 'alice', tool: 'get_subscription', args: { customerId: 'cus_001' }, effect: undefined }),
  () => ({
    actor: 'gil',
    tenant: 'globex',
    tool: 'get_entitlements',
    args: { customerId: 'cus_201' },
    effect: undefined,
  }),
  (n) => ({ actor: 'alice', tool: 'issue_refund', args: refund(order(n), '5000.00'), effect: undefined }),
  () => ({
    actor: 'alice',
    tool: 'delete_customer',
    args: { customerId: 'cus_5001', reason: 'it asked' },
    effect: undefined,
  }),
  () => ({ actor: 'alice', tool: 'get_ticket', args: { ticketId: 'tck_seed2' }, effect: undefined }),
];

/** `total` actions, each of a session of its own. */
export function actionsOf(total: number, run: string, tokens: Tokens): Asked[] {
  return Array.from({ length: total }, (_, n) => {
    const { args, dryRun = false, tenant = 'acme', actor, tool, effect } = MAKERS[n % MAKERS.length]!(n);
    const session = `books-${run}-${n}`;
    const data = { workflow: 'support-desk', session, tool, arguments: args, ...(dryRun ? { dry_run: true } : {}) };
    const intent: IntentToPublish = { id: session, tenant, session, token: tokens[actor], data };
    return { intent, actor, tenant, tool, record: String(Object.values(args)[0]), effect };
  });
}

export const ACTORS = ['alice', 'bob', 'erin', 'gil'] as const;

/** What people say: 70.00 is fine, 71.00 is not. */
export function answerOf(item: ApprovalItem): 'approve' | 'reject' {
  const { amount } = (item as ApprovalItem & { arguments?: { amount?: string } }).arguments ?? {};
  return amount === '71.00' ? 'reject' : 'approve';
}
