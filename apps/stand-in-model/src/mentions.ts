/** What a text names: ids, money, addresses. Where each stands, so that the nearest can be taken. */
export interface IdMention {
  id: string;
  prefix: string;
  at: number;
}
export interface MoneyMention {
  amount: string;
  currency?: string;
  at: number;
}

const ID = /\b([A-Za-z]{2,12})[_-](?=[A-Za-z0-9-]*\d)[A-Za-z0-9][A-Za-z0-9-]{0,39}(?<=[A-Za-z0-9])/g;
/** Somebody by name: "member alice", "the role of alice", "alice's role", "promote alice". */
const PERSON =
  /\b(?:member|user|colleague|employee|agent|roles?\s+of|promote|demote)\s+(?!to\b|the\b|a\b|an\b|of\b|(?:member|user)\b)([a-z][\w.-]*\w)|\b([a-z][\w.-]*)['’]s\s+roles?\b/gi;
/** Stands for the prefix that a person's name does not have. */
export const A_PERSON = 'person';
const CURRENCIES: Record<string, string> = {
  '€': 'EUR', eur: 'EUR', euro: 'EUR', euros: 'EUR',
  $: 'USD', usd: 'USD', dollar: 'USD', dollars: 'USD',
  '£': 'GBP', gbp: 'GBP', pound: 'GBP', pounds: 'GBP',
  chf: 'CHF', francs: 'CHF', jpy: 'JPY', '¥': 'JPY', yen: 'JPY', sek: 'SEK', nok: 'NOK', dkk: 'DKK', pln: 'PLN',
}; // prettier-ignore
const UNIT = Object.keys(CURRENCIES)
  .sort((a, b) => b.length - a.length)
  .map((unit) => (/^[a-z]/.test(unit) ? `${unit}\\b` : `\\${unit}`))
  .join('|');
const FIGURE = String.raw`\d{1,3}(?:[ ,.']\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?`;
const AFTER = new RegExp(`(?<![\\w.,-])(${FIGURE})\\s?(${UNIT})`, 'gi');
const BEFORE = new RegExp(`(?<![\\w])(${UNIT})\\s?(${FIGURE})(?![\\w-])`, 'gi');
const BARE = /(?<![\w.,:/-])(\d+(?:[.,]\d{1,2})?)(?![\w%:/-]|[.,]\d)/g;

export const idsIn = (text: string): IdMention[] =>
  unique(
    [...text.matchAll(ID)].map((found) => ({ id: found[0], prefix: found[1]!.toLowerCase(), at: found.index })),
    ({ id }) => id,
  );

/** Records and people, in their order. */
export const mentionsIn = (text: string): IdMention[] =>
  unique(
    [...idsIn(text), ...peopleIn(text)].sort((a, b) => a.at - b.at),
    ({ id }) => id,
  );

const peopleIn = (text: string): IdMention[] =>
  [...text.matchAll(PERSON)].map((found) => ({
    id: (found[1] ?? found[2])!.toLowerCase(),
    prefix: A_PERSON,
    at: found.index,
  }));

/** Money with its currency, as a decimal string; "1,200.50", "1.200,50" and "1200.5" are the same. */
export function moneyIn(text: string): MoneyMention[] {
  const after = [...text.matchAll(AFTER)].map((found) => money(found[1]!, found[2]!, found.index));
  const before = [...text.matchAll(BEFORE)].map((found) => money(found[2]!, found[1]!, found.index));
  const taken = (at: number) => after.some((other) => Math.abs(other.at - at) <= 5);
  return [...after, ...before.filter(({ at }) => !taken(at))].sort((a, b) => a.at - b.at);
}

/** Figures without a currency that are no part of an id, a date or a time. */
export const figuresIn = (text: string): MoneyMention[] =>
  [...text.matchAll(BARE)].map((found) => ({ amount: decimal(found[1]!), at: found.index }));

export const emailIn = (text: string): string | undefined => /[\w.+-]+@[\w-]+(\.[\w-]+)+/.exec(text)?.[0];
export const dateIn = (text: string): string | undefined => /\b\d{4}-\d{2}-\d{2}\b/.exec(text)?.[0];
export const phoneIn = (text: string): string | undefined => /\+\d[\d ()-]{6,20}\d/.exec(text)?.[0];
export const urlIn = (text: string): string | undefined => /https?:\/\/[^\s"'<>)]+/.exec(text)?.[0];

function money(figure: string, unit: string, at: number): MoneyMention {
  return { amount: decimal(figure), currency: CURRENCIES[unit.toLowerCase()]!, at };
}

function decimal(figure: string): string {
  const [, whole = '0', cents = ''] = /^(.*?)(?:[.,](\d{1,2}))?$/.exec(figure) ?? [];
  return `${whole.replace(/\D/g, '')}.${cents.padEnd(2, '0')}`;
}

export function unique<T>(items: T[], key: (item: T) => string): T[] {
  const seen = new Set<string>();
  return items.filter((item) => !seen.has(key(item)) && seen.add(key(item)));
}
