import type { IntentToPublish } from '@countersign/demo';
import { shuffled } from '../faults/numbers.js';
import { DOUBTFUL } from '../generated.js';
import { calls, inLetters } from '../target.js';

type Args = Record<string, unknown>;
export interface Call {
  tool: string;
  arguments: Args;
}

/** When it is played: while nothing is wrong, while the target fails, a switch is on, a stage is lower, or an answer is lost for good. */
export const PHASES = ['plain', 'faults', 'killed', 'drafts', 'lost'] as const;
export type Phase = (typeof PHASES)[number];

/** What a person says to an item; `delegate` hands it on to who then approves. */
export type Step =
  | { by: string; do: 'approve' | 'reject' | 'together' }
  | { by: string; do: 'edit'; amount: string }
  | { by: string; do: 'delegate'; to: string };

export interface Kind {
  name: string;
  /** How many of each deck. */
  share: number;
  phase: Phase;
  actor: string;
  tenant?: 'globex';
  workflow?: string;
  /** One tool call, or words and what the model is made to say to them. */
  ask(n: number): Call | Words;
  dryRun?: true;
  /** Which rule denies it. */
  rule?: string;
  /** By the amount it is about now; `isHandedOn` after a delegation. */
  person?(amount: string, isHandedOn: boolean): Step;
}

export interface Words {
  text: string;
  /** What the stand-in answers, a turn each; without it, what it makes of the words. */
  script?: object[];
  /** The calls among them that are proposed, in their order. */
  calls?: Call[];
}

/** Orders that no other proof uses, one each: two refunds of one order at a time are not allowed. */
const order = (n: number) => `ord_${12_300 + (n % 780)}`;
const refund =
  (amount: string, currency = 'EUR') =>
  (n: number): Call => ({
    tool: 'issue_refund',
    arguments: { orderId: order(n), amount, currency, reason: `it came late, as ${inLetters(n)} says` },
  });
const ticket = (customerId: string) => (n: number) => ({
  tool: 'create_ticket',
  arguments: { customerId, subject: 'a call', body: `about ${inLetters(n)}` },
});
const read = (n: number): Call => ({ tool: 'get_order', arguments: { orderId: order(n) } });
const generated =
  (urgency: string) =>
  (n: number): Call => ({
    tool: 'open_ticket',
    arguments: { orderId: order(n), subject: 'a call', body: `about ${inLetters(n)}`, urgency },
  });

const alice = { actor: 'alice', phase: 'plain' } as const;
const always = (step: Step) => () => step;

export const KINDS: readonly Kind[] = [
  { ...alice, name: 'refund', share: 6, ask: refund('5.00') },
  { ...alice, name: 'ticket', share: 3, ask: ticket('cus_5001') },
  { ...alice, name: 'read', share: 3, ask: read },
  { ...alice, name: 'dry run', share: 2, ask: refund('7.00'), dryRun: true },
  { ...alice, name: 'over the limit', share: 2, ask: refund('5000.00') },
  { ...alice, name: 'approved', share: 3, ask: refund('60.00'), person: always({ by: 'carol', do: 'approve' }) },
  {
    ...alice,
    name: 'approved together',
    share: 2,
    ask: refund('63.00'),
    person: always({ by: 'bob', do: 'together' }),
  },
  { ...alice, name: 'rejected', share: 2, ask: refund('61.00'), person: always({ by: 'bob', do: 'reject' }) },
  {
    ...{ ...alice, name: 'edited', share: 2, ask: refund('62.00') },
    person: (amount) =>
      amount === '62.00' ? { by: 'bob', do: 'edit', amount: '55.00' } : { by: 'bob', do: 'approve' },
  },
  {
    ...{ ...alice, name: 'edited to more', share: 1, ask: refund('58.00') },
    person: (amount) =>
      amount === '58.00' ? { by: 'bob', do: 'edit', amount: '66.00' } : { by: 'carol', do: 'approve' },
  },
  {
    ...{ ...alice, name: 'handed on', share: 1, ask: refund('64.00') },
    person: (_, isHandedOn) =>
      isHandedOn ? { by: 'carol', do: 'approve' } : { by: 'bob', do: 'delegate', to: 'carol' },
  },
  { ...alice, name: 'nobody decides', share: 1, workflow: 'hasty-desk', ask: generated('urgent') },
  {
    ...alice,
    name: "another tenant's",
    share: 1,
    ask: () => ({ tool: 'get_order', arguments: { orderId: 'ord_2001' } }),
  },
  {
    ...alice,
    name: 'restricted',
    share: 1,
    ask: () => ({ tool: 'get_customer', arguments: { customerId: 'cus_005' } }),
  },
  { ...alice, name: 'wrong currency', share: 1, ask: refund('8.00', 'USD') },
  {
    ...{ ...alice, name: 'not theirs to do', share: 1 },
    ask: () => ({ tool: 'delete_customer', arguments: { customerId: 'cus_5001', reason: 'it asked' } }),
  },
  {
    ...{ ...alice, name: 'a role', actor: 'bob', share: 1, person: always({ by: 'adam', do: 'reject' }) },
    ask: () => ({ tool: 'change_member_role', arguments: { memberId: 'sam', role: 'admin', reason: 'for a night' } }),
  },
  {
    ...{ ...alice, name: 'a deletion', actor: 'adam', share: 1, person: always({ by: 'bob', do: 'reject' }) },
    ask: () => ({ tool: 'delete_customer', arguments: { customerId: 'cus_5002', reason: 'it asked' } }),
  },
  {
    ...{ ...alice, name: 'a role of their own', actor: 'bob', share: 1, rule: 'own-roles' },
    ask: () => ({ tool: 'change_member_role', arguments: { memberId: 'bob', role: 'admin', reason: 'for a night' } }),
  },
  {
    ...{ ...alice, name: 'the role they have', actor: 'bob', share: 1, person: always({ by: 'adam', do: 'approve' }) },
    ask: () => ({ tool: 'change_member_role', arguments: { memberId: 'ruth', role: 'release', reason: 'as it is' } }),
  },
  {
    ...{ ...alice, name: 'a deletion that is made', actor: 'adam', share: 1 },
    ask: (n) => ({ tool: 'delete_customer', arguments: { customerId: `cus_${5_060 + (n % 20)}`, reason: 'it asked' } }),
    person: always({ by: 'bob', do: 'approve' }),
  },
  {
    ...{ ...alice, name: 'a draft of a reply', share: 2 },
    ask: (n) => ({ tool: 'draft_reply', arguments: { ticketId: 'tck_seed2', body: `We look into ${inLetters(n)}.` } }),
  },
  {
    ...alice,
    name: 'words',
    share: 2,
    ask: (n) => ({ text: `Please refund 7 € on order ${order(n)}, it came late.` }),
  },
  { ...alice, name: 'a question', share: 1, ask: (n) => ({ text: `What is the status of order ${order(n)}?` }) },
  {
    ...{ ...alice, name: 'two calls and one that is none', share: 2 },
    ask: (n) => scripted(n, [read(n), ticket('cus_5003')(n)], ['burn_order', { orderId: order(n) }]),
  },
  { ...alice, name: 'a model that is busy at first', share: 1, ask: (n) => busy(n, read(n)) },
  { ...alice, name: "the others' ticket", actor: 'erin', tenant: 'globex', share: 1, ask: ticket('cus_201') },
  { ...alice, name: 'refund, badly answered', phase: 'faults', share: 4, ask: refund('4.00') },
  { ...alice, name: 'ticket, badly answered', phase: 'faults', share: 2, ask: ticket('cus_5004') },
  { ...alice, name: 'ticket, killed', phase: 'killed', share: 2, ask: ticket('cus_5005') },
  { ...alice, name: 'draft', phase: 'drafts', actor: 'erin', tenant: 'globex', share: 2, ask: ticket('cus_201') },
  { ...alice, name: 'done, and nobody knows', phase: 'lost', workflow: DOUBTFUL, share: 1, ask: generated('normal') },
];

const made = ({ tool, arguments: args }: Call): [string, object] => [tool, args];

/** Calls at once, and one of a tool that there is not. */
const scripted = (n: number, these: Call[], none: [string, object]): Words => ({
  text: `See to number ${inLetters(n)} of cus_5003.`,
  script: [calls(...these.map(made), none), { content: 'I have looked at it.' }],
  calls: these,
});

/** Too many requests once, then its call. */
const busy = (n: number, one: Call): Words => ({
  text: `Look at number ${inLetters(n)}.`,
  script: [{ status: 429, headers: { 'retry-after-ms': '20' } }, calls(made(one)), { content: 'I have looked at it.' }],
  calls: [one],
});

/** An intent as it was asked, with all that its client knows of it then. */
export interface Asked {
  kind: Kind;
  intent: IntentToPublish;
  /** What it asks of tools, where that is known. */
  calls: Call[] | undefined;
  script: { name: string; entries: object[] } | undefined;
}

/** One of each kind, and then decks, each shuffled: the first `count`. */
export function mixOf(count: number, run: string, tokens: Record<string, string>, random: () => number): Asked[] {
  const kinds = shuffled(random, KINDS);
  while (kinds.length < count) kinds.push(...shuffled(random, deck()));
  return kinds.slice(0, count).map((kind, n) => asked(kind, n, run, tokens));
}

const deck = () => KINDS.flatMap((kind) => Array.from({ length: kind.share }, () => kind));

function asked(kind: Kind, n: number, run: string, tokens: Record<string, string>): Asked {
  const session = `${run}-${n}`;
  const what = kind.ask(n);
  const base = { workflow: kind.workflow ?? 'support-desk', session };
  const name = 'text' in what && what.script ? session : undefined;
  const data =
    'text' in what
      ? { ...base, text: name ? `${what.text} [[script ${name}]]` : what.text }
      : { ...base, ...what, ...(kind.dryRun ? { dry_run: true } : {}) };
  return {
    kind,
    intent: { id: session, tenant: kind.tenant ?? 'acme', session, token: tokens[kind.actor], data },
    calls: 'text' in what ? what.calls : [what],
    script: name && 'text' in what ? { name, entries: what.script! } : undefined,
  };
}
