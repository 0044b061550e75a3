import type { Asked } from './checker/history.js';

export interface Call {
  workflow: string;
  tool: string;
  arguments: Record<string, unknown>;
  dry_run?: true;
}

/** What the client asks for, how it must end, and what the people say to it. */
export interface Kind {
  name: string;
  /** How many of each score. */
  share: number;
  via: 'kafka' | 'http';
  /** A tool call, or words. */
  ask(n: number): Call | { workflow: string; text: string };
  lawful: Asked['lawful'];
  /** It takes much of what a user may spend on one day: asked among the first ten thousand only. */
  isDear?: true;
  /** Of a person who is asked about these arguments. */
  answer?(args: Record<string, unknown>): 'approve' | 'reject' | { edit: Record<string, unknown> };
}

/** Each order is used again only after some thousands: two refunds of one at a time would wait for each other. */
const order = (n: number) => `ord_${10_000 + (n % 9_000)}`;
const refund = (n: number, amount: string): Call => ({
  workflow: 'support-desk',
  tool: 'issue_refund',
  arguments: { orderId: order(n), amount, currency: 'EUR', reason: 'it came late' },
});
const depot = (tool: string, n: number, more: Record<string, unknown> = {}): Call => ({
  workflow: 'depot-desk',
  tool,
  arguments: { parcelId: `par_${n}`, ...more },
});
const words = (text: string) => ({ workflow: 'support-desk', text });

const EDITED = { from: '62.00', to: '55.00' };

export const KINDS: readonly Kind[] = [
  { name: 'small', share: 5, via: 'kafka', ask: (n) => refund(n, '0.50'), lawful: ['committed'] },
  { name: 'small-http', share: 1, via: 'http', ask: (n) => refund(n, '0.25'), lawful: ['committed'] },
  {
    ...{ name: 'ticket', share: 3, via: 'http', lawful: ['committed'] },
    ask: (n) => ({
      ...{ workflow: 'support-desk', tool: 'create_ticket' },
      arguments: { customerId: `cus_${5_000 + (n % 100)}`, subject: 'a call', body: `about number ${inLetters(n)}` },
    }),
  },
  {
    ...{ name: 'words', share: 1, via: 'kafka', lawful: ['committed'], isDear: true },
    ask: (n) => words(`Please refund 7 € on order ${order(n)}, it came late.`),
  },
  {
    ...{ name: 'question', share: 1, via: 'http', lawful: ['read'] },
    ask: (n) => words(`What is the status of order ${order(n)}?`),
  },
  {
    ...{ name: 'approved', share: 1, via: 'kafka', lawful: ['committed'], isDear: true },
    ask: (n) => refund(n, '60.00'),
    answer: () => 'approve',
  },
  {
    ...{ name: 'rejected', share: 1, via: 'kafka', lawful: ['denied APPROVAL_REJECTED'] },
    ask: (n) => refund(n, '61.00'),
    answer: () => 'reject',
  },
  {
    ...{ name: 'edited', share: 1, via: 'kafka', lawful: ['committed'], isDear: true },
    ask: (n) => refund(n, EDITED.from),
    answer: (args) => (args['amount'] === EDITED.from ? { edit: { ...args, amount: EDITED.to } } : 'approve'),
  },
  {
    ...{ name: 'expired', share: 1, via: 'kafka', lawful: ['denied APPROVAL_EXPIRED'] },
    ask: (n) => depot('book_pickup', n, { day: 'today' }),
  },
  { name: 'over', share: 1, via: 'kafka', ask: (n) => refund(n, '5000.00'), lawful: ['denied LIMIT_EXCEEDED'] },
  {
    ...{ name: 'dry run', share: 1, via: 'kafka', lawful: ['previewed'] },
    ask: (n) => ({ ...refund(n, '7.00'), dry_run: true }),
  },
  {
    ...{ name: 'read', share: 1, via: 'http', lawful: ['read'] },
    ask: (n) => ({ workflow: 'support-desk', tool: 'get_order', arguments: { orderId: order(n) } }),
  },
  {
    ...{ name: 'pickup', share: 1, via: 'kafka', lawful: ['committed'] },
    ask: (n) => depot('book_pickup', n, { day: 'tomorrow' }),
  },
  {
    ...{ name: 'note', share: 1, via: 'kafka', lawful: ['committed'] },
    ask: (n) => depot('note_parcel', n, { note: 'handle with care' }),
  },
  { name: 'letter', share: 1, via: 'kafka', ask: (n) => depot('send_letter', n), lawful: ['committed'] },
];

/** What looks like a telephone number in a user's words is sealed. */
function inLetters(n: number): string {
  return [...String(n)].map((digit) => 'abcdefghij'.charAt(Number(digit))).join('');
}

const DECK = deck();
const DEAR_UNTIL = 10_000;

/** Kinds in turn, the frequent ones more often. */
export function kindOfNumber(n: number): Kind {
  const kind = DECK[n % DECK.length]!;
  return kind.isDear && n >= DEAR_UNTIL ? DECK[0]! : kind;
}
export const kindNamed = (name: string): Kind | undefined => KINDS.find((kind) => kind.name === name);

function deck(): Kind[] {
  const longest = Math.max(...KINDS.map(({ share }) => share));
  return Array.from({ length: longest }, (_, round) => KINDS.filter(({ share }) => share > round)).flat();
}
