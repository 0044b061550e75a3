import type { Effect } from './history.js';

/** What the checker knows of a tool: how its target can be retried, and what its arguments do there. */
export interface KnownTool {
  /** A: the target keeps keys · B: a unique reference · C: searchable by reference · D: none of these. */
  class: 'A' | 'B' | 'C' | 'D';
  effect(args: Readonly<Record<string, unknown>>): Partial<Effect> & { kind: string };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The tools of the desks under load that change something; all others only look. Said once more, not read from the desks. */
export const TOOLS: Readonly<Record<string, KnownTool>> = {
  issue_refund: {
    class: 'A',
    effect: (args) => ({
      ...{ ledger: 'helpdesk', kind: 'refund', record: text(args['orderId']) },
      ...{ amount: text(args['amount']), currency: text(args['currency']) },
    }),
  },
  create_ticket: { class: 'A', effect: () => ({ ledger: 'helpdesk', kind: 'ticket' }) },
  book_pickup: {
    class: 'B',
    effect: (args) => ({ ledger: 'depot', kind: 'pickup', record: text(args['parcelId']) }),
  },
  note_parcel: { class: 'C', effect: (args) => ({ ledger: 'depot', kind: 'note', record: text(args['parcelId']) }) },
  send_letter: { class: 'D', effect: (args) => ({ ledger: 'depot', kind: 'letter', record: text(args['parcelId']) }) },
};

const AMOUNT = /^-?\d+(\.\d+)?$/;
const isSameAmount = (a: string, b: string) => a === b || (AMOUNT.test(a) && AMOUNT.test(b) && cents(a) === cents(b));
function cents(amount: string): string {
  const [whole = '', fraction = ''] = amount.split('.');
  return `${BigInt(whole)}.${fraction.padEnd(4, '0')}`;
}

/** What of an effect is not what its warrant's arguments say. */
export function differences(effect: Effect, tool: string, args: Readonly<Record<string, unknown>>): string[] {
  const known = TOOLS[tool];
  if (!known) return [`${tool} changes nothing`];
  return Object.entries(known.effect(args)).flatMap(([field, wanted]) => {
    const found = String(effect[field as keyof Effect] ?? 'nothing');
    const same = field === 'amount' ? isSameAmount(found, String(wanted)) : found === wanted;
    return same ? [] : [`${field} ${found}, not ${String(wanted)}`];
  });
}
