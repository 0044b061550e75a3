import {
  APART,
  ARTICLES,
  CONDITIONS,
  EMPTY,
  HELPERS,
  MODALS,
  NAMED,
  NEGATIONS,
  OTHERS,
  SPEAKER,
  type Deed,
} from './claim-words.js';

/** A sentence of a reply: its clauses, and the figures in those that are not denied. */
export interface Sentence {
  text: string;
  clauses: Clause[];
  amounts: string[];
  ids: string[];
}

interface Clause {
  tokens: string[];
  amounts: string[];
}

/** A clause that says something was done. */
export interface Claim {
  deed: Deed;
  /** Deeds the clause names besides. */
  nouns: Deed[];
  /** "I have …" */
  bySpeaker: boolean;
  /** It has a verb of its own, and is no label such as "refunded 18.00". */
  finite: boolean;
  /** Of its clause alone. */
  amounts: string[];
  /** Its clause, for one that follows another claim or denial in its sentence: a reason given with it, perhaps. */
  beside?: string;
}

const CLAUSE_END =
  /[,:;()"“”„|]+(?!\d)|\s[–—-]+\s|\s(?=(?:and|but|however|although|though|while|because|whereas|then|so|und|aber|jedoch|obwohl|weil|sondern|dann)\s)/;
const SETS_OFF = new Set(
  'and but however although though while because whereas then so und aber jedoch obwohl weil sondern dann'.split(' '),
);

export function sentencesOf(text: string): Sentence[] {
  return plainText(text)
    .split(/(?<=[.!?])\s+|[\n\r\u2028\u2029]+/)
    .map(sentenceOf)
    .filter(({ clauses }) => clauses.length > 0);
}

/** Without what is not seen or only set off: format characters, emphasis, curly quotes. */
const plainText = (text: string) =>
  text
    .normalize('NFKC')
    .replaceAll(/\p{Cf}/gu, '')
    .replaceAll(/[’ʼ‘`´]/g, "'")
    .replaceAll(/[*_~#]{1,3}(?=\S)(?<![\p{L}\p{N}][*_~#]{1,3})|(?<=\S)[*~#]{1,3}(?=\s|$)/gu, '');

function sentenceOf(text: string): Sentence {
  const parts = text.toLowerCase().split(CLAUSE_END);
  const clauses = parts
    .map((part): Clause => ({ tokens: tokensOf(part), amounts: amountsOf(part) }))
    .filter(({ tokens }) => tokens.length > 0);
  const stated = parts.filter((part) => !isDenied(tokensOf(part))).join(' , ');
  return {
    text: text.trim(),
    clauses,
    amounts: amountsOf(stated).filter((amount) => amount !== '0'),
    ids: idsOf(stated),
  };
}

const tokensOf = (clause: string): string[] =>
  clause
    .replaceAll(/\bnot (only|just|merely)\b|\bno (doubt|less|fewer|more) (than)?|\bnothing (less|but)\b/g, ' ')
    .replaceAll(/\bpaid (back|out)\b/g, 'repaid')
    .replaceAll(/\b(carried out|went through|gone through|taken care of|sorted out)\b/g, 'completed')
    .replaceAll(/n't\b/g, " n't")
    .replaceAll(/'(ve|ll|d|s|re|m)\b/g, " '$1")
    .split(/[\s/]+/)
    .map((token) => token.replace(/^[^\p{L}\p{N}'*•✅✓✔-]+|[^\p{L}\p{N}✅✓✔*-]+$/gu, ''))
    .filter((token) => token !== '' && !SETS_OFF.has(token));

const isDenied = (tokens: readonly string[]) => tokens.some((token) => NEGATIONS.has(token));

const AMOUNT =
  /(?:€|\$|£|\b(?:eur|usd|gbp)\b)?\s?((?:\d{1,3}(?:[., ']\d{3})+|\d+)(?:[.,]\d{1,2})?)\s?(€|\$|£|\b(?:eur|usd|gbp|euros?)\b)?/g;

/** Decimals, and whatever has a currency. */
function amountsOf(text: string): string[] {
  const found: string[] = [];
  for (const [whole, digits = '', after] of text
    .replaceAll(/\b\d{4}-\d\d-\d\d\S*|\b[\w-]*_[\w-]+/g, ' ')
    .matchAll(AMOUNT)) {
    const marked = after !== undefined || /^\s?(?:€|\$|£|eur|usd|gbp)/.test(whole);
    if (marked || /[.,]\d\d$/.test(digits)) found.push(decimalOf(digits));
  }
  return found;
}

function decimalOf(digits: string): string {
  const [, whole = '', cents = ''] = /^(.*?)(?:[.,](\d{1,2}))?$/.exec(digits) ?? [];
  const fraction = cents.replace(/0+$/, '');
  const units = whole.replaceAll(/\D/g, '').replace(/^0+(?=\d)/, '') || '0';
  return fraction ? `${units}.${fraction}` : units;
}

const idsOf = (text: string) => [...text.matchAll(/\b[a-z]{2,12}_[a-z0-9]*\d[a-z0-9]*\b/g)].map(([id]) => id);

/** What a sentence says was done; nothing if it is a question. */
export function clauseClaims({ text, clauses }: Sentence, forms: ReadonlyMap<string, Deed>): Claim[] {
  if (text.endsWith('?')) return [];
  const first = clauses[0]?.tokens ?? [];
  const open = CONDITIONS.has(first[0] ?? '');
  const supposed = first.join(' ') === 'it would be';
  let [denied, judgedBefore] = [false, false];
  return clauses.flatMap((clause) => {
    const judged = clause.tokens.flatMap((_, at) => judge(clause, at, forms, denied, open) ?? []);
    denied = judged.includes('denied');
    const claims = judged
      .filter((one) => one !== 'denied')
      .filter((one) => !isLabel(one) || !(supposed || isNone(one)));
    const beside = judgedBefore ? { beside: clause.tokens.join(' ') } : {};
    judgedBefore ||= judged.length > 0;
    return claims.map((claim) => ({ ...claim, ...beside }));
  });
}

const isLabel = ({ finite, bySpeaker }: Claim) => !finite && !bySpeaker;
/** "refunded 0.00" */
const isNone = ({ amounts }: Claim) => amounts.length > 0 && amounts.every((amount) => amount === '0');

/** The form at this place: a claim, one that is denied, or neither. */
function judge(
  { tokens: clause, amounts }: Clause,
  at: number,
  forms: ReadonlyMap<string, Deed>,
  afterDenied: boolean,
  open: boolean,
): Claim | 'denied' | undefined {
  const deed = forms.get(clause[at]!);
  if (deed === undefined) return undefined;
  const { helpers, subject } = lookBack(clause, at);
  const before = clause.slice(0, at);
  const apart = helpers.length === 0 && before.some((token) => APART.has(token));
  const finite = helpers.length > 0 || apart;
  const bySpeaker = SPEAKER.has(subject ?? '') || (apart && before.some((token) => SPEAKER.has(token)));
  if (isNegated(clause, at, helpers, finite && !bySpeaker, apart)) return 'denied';
  if (!finite && !bySpeaker && !isHeadline(before, clause)) return undefined;
  if (afterDenied && !finite && !bySpeaker && before.length === 0) return 'denied';
  if (
    isOpen(helpers, before, apart) ||
    (open && !bySpeaker && !helpers.some((one) => /^(has|have|was|were)$/.test(one)))
  )
    return undefined;
  if (isOthers(deed, subject, helpers) || isReported(before)) return undefined;
  const nouns = clause.flatMap((token) => NAMED.get(token) ?? []);
  return { deed, nouns: [...new Set(nouns)], bySpeaker, finite, amounts };
}

/** The helping words right before a form, and the word before those. */
function lookBack(clause: readonly string[], at: number): { helpers: string[]; subject: string | undefined } {
  const helpers: string[] = [];
  let place = at - 1;
  for (; place >= 0; place--) {
    const token = clause[place]!;
    if (HELPERS.has(token) || MODALS.has(token) || token === 'to' || isNegation(token)) helpers.push(token);
    else if (!EMPTY.has(token) && !/[a-z]ly$/.test(token)) break;
  }
  return { helpers, subject: clause[place] };
}

const isNegation = (token: string) => NEGATIONS.has(token);

function isNegated(
  clause: readonly string[],
  at: number,
  helpers: readonly string[],
  impersonal: boolean,
  apart: boolean,
): boolean {
  if (helpers.some(isNegation)) return true;
  if (clause.slice(at + 1, at + 3).some((token) => /^(no|nothing|none|kein\w*|nichts)$/.test(token))) return true;
  const helper = apart ? clause.findIndex((token) => APART.has(token)) : -1;
  if (apart && clause.slice(helper).some(isNegation)) return true;
  // "No refund was issued", "Keine Erstattung wurde veranlasst": nobody speaks between the no and the form.
  const first = clause.slice(0, at).findIndex(isNegation);
  if (first === -1) return false;
  const spoken = clause.slice(first, at).some((token) => SPEAKER.has(token));
  return (impersonal || at - first === 1) && !spoken;
}

/** "Refunded 18.00", "Your refund completed", "✅ Refund issued": no verb before it, and nothing that makes it a field's value. */
const isHeadline = (before: readonly string[], clause: readonly string[]) =>
  before.every((token) => EMPTY.has(token) || ARTICLES.has(token) || NAMED.has(token) || /\d/.test(token)) ||
  clause.some((token) => /^(✅|✓|✔|successfully|erfolgreich)$/.test(token));

function isOpen(helpers: readonly string[], before: readonly string[], apart: boolean): boolean {
  const perfect = helpers.some((one) => /^(been|has|'ve|had)$/.test(one));
  const modal = helpers.some((one) => MODALS.has(one) || one === 'to');
  if (modal && !(perfect && !helpers.some((one) => one !== 'be' && MODALS.has(one)))) return true;
  return (
    (apart || helpers.length === 0) &&
    before.some((token) => /^(wird|werden|würden?|kann|können|könnte|soll|sollte|muss|möchte)$/.test(token))
  );
}

/** What a customer did is no deed of ours; a refund is never a customer's. */
function isOthers(deed: Deed, subject: string | undefined, helpers: readonly string[]): boolean {
  if (deed === 'refund' || deed === 'issue' || deed === 'approve') return false;
  return (
    OTHERS.has(subject ?? '') &&
    !helpers.some((one) => /^(been|was|were|is|are|got|wurden?|worden|ist|sind)$/.test(one))
  );
}

const isReported = (before: readonly string[]) =>
  before.some(
    (token, at) =>
      /^(ticket|customer|message|mail|e-mail|text|note|kunde|kundin|nachricht)$/.test(token) &&
      /^(says|said|claims|writes|wrote|mentions|states|sagt|schreibt|behauptet)$/.test(before[at + 1] ?? ''),
  ) && !before.some((token) => SPEAKER.has(token));
