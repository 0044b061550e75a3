/*
 * The shapes themselves, in text that hides nothing: see shapes.ts for what is guaranteed.
 */
import type { Shape } from './shapes.js';

export function plainShapes(text: string): Shape[] {
  return [...emails(text), ...ibans(text), ...cards(text), ...phones(text)];
}

/* E-mail addresses. A run of their characters is looked at as a whole, so that nothing of it is left before or after. */

const RUN = /(?<![\p{L}\p{N}._%+'-])[\p{L}\p{N}._%+'-]+(?:@[\p{L}\p{N}._%+'-]+)+/gu;
/** With a dot and a last label of letters, which a token that took the place of something is not. */
const DOMAIN =
  /@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}[\p{L}\p{N}-]*[\p{L}\p{N}]-*(?![\p{L}\p{N}-])(?!_[0-9a-f]{32})/u;
const BEFORE = /^[.%+'-]+(?=[\p{L}\p{N}_])/u;
/** What the last domain cannot hold, such as the `'s` of a genitive. */
const AFTER = /(?:[_%+'][^@]*|[.@-])+$/u;

function* emails(text: string): Iterable<Shape> {
  if (!text.includes('@')) return;
  for (const { 0: run, index } of text.matchAll(RUN)) {
    if (!DOMAIN.test(run)) continue;
    const value = run.replace(BEFORE, '').replace(AFTER, '');
    const start = index + run.indexOf(value);
    yield { start, end: start + value.length, value, dataClass: 'personal' };
  }
}

/* Digits and letters that may stand in groups. */

const GAP = /[ \u00a0\u202f.-]/;
const WORD = /[\p{L}\p{N}_]/u;
const DIGIT = /[0-9]/;

/** The characters from `start` that `is` accepts, over single gaps, at most `most`, and where each of them ends. */
function grouped(text: string, start: number, most: number, is: RegExp): { plain: string; ends: number[] } {
  let plain = '';
  const ends: number[] = [];
  for (let at = start; at < text.length && plain.length < most; at++) {
    if (is.test(text[at]!)) {
      plain += text[at]!;
      ends.push(at + 1);
    } else if (!GAP.test(text[at]!) || !is.test(text[at + 1] ?? '')) break;
  }
  return { plain, ends };
}

const isWord = (text: string, at: number): boolean => at >= 0 && at < text.length && WORD.test(text[at]!);

/** One may hold what looks like a card, or an account. */
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/iy;

function isUuid(text: string, at: number): boolean {
  if (at < 0) return false;
  UUID.lastIndex = at;
  return UUID.test(text);
}

/* IBANs */

/** By the registry of ISO 13616: how long an IBAN of a country is. */
const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 ' +
    'FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 ' +
    'LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 ' +
    'SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);
/** Fewer are words whose checksum fits by chance. */
const LEAST_IBAN_DIGITS = 10;
const LETTER_OR_DIGIT = /[A-Za-z0-9]/;
const IBAN_START = /[A-Za-z]{2}[ \u00a0\u202f.-]?[0-9][ \u00a0\u202f.-]?[0-9]/g;

function* ibans(text: string): Iterable<Shape> {
  for (const { index: start } of text.matchAll(IBAN_START)) {
    if (isWord(text, start - 1) || [0, 9, 14, 19].some((before) => isUuid(text, start - before))) continue;
    const length = IBAN_LENGTHS[text.slice(start, start + 2).toUpperCase()];
    if (!length) continue;
    const { plain, ends } = grouped(text, start, length, LETTER_OR_DIGIT);
    const end = ends[length - 1];
    if (end === undefined || isWord(text, end) || !isIban(plain.toUpperCase())) continue;
    if (plain.replace(/[^0-9]/g, '').length < LEAST_IBAN_DIGITS) continue;
    yield { start, end, value: plain.toUpperCase(), dataClass: 'financial' };
  }
}

function isIban(plain: string): boolean {
  let rest = 0;
  for (const char of plain.slice(4) + plain.slice(0, 4)) {
    const value = parseInt(char, 36);
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest === 1;
}

/* Payment cards */

/** By issuer: the first digits, and how many there are in all. */
const CARDS: readonly [starts: RegExp, lengths: readonly number[]][] = [
  [/^4/, [19, 16, 13]],
  [/^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(6011|64[4-9]|65|62)/, [19, 16]],
  [/^35(2[89]|[3-8])/, [16]],
  [/^(30[0-5]|309|36|38|39)/, [14]],
];
const MOST_CARD_DIGITS = 19;
/** Texts without as many digits on end hold none; most are. */
const LONG_NUMBER = /(?:[0-9][ \u00a0\u202f.-]?){13}/;

function* cards(text: string): Iterable<Shape> {
  if (!LONG_NUMBER.test(text)) return;
  for (let start = 0; start < text.length; start++) {
    if (!DIGIT.test(text[start]!) || isWord(text, start - 1)) continue;
    const { plain, ends } = grouped(text, start, MOST_CARD_DIGITS, DIGIT);
    const length = cardLength(plain, (count) => !isWord(text, ends[count - 1]!) && isGrouped(ends.slice(0, count)));
    if (length && !isUuid(text, start))
      yield { start, end: ends[length - 1]!, value: plain.slice(0, length), dataClass: 'financial' };
  }
}

function cardLength(digits: string, endsAt: (count: number) => boolean): number | undefined {
  const lengths = CARDS.find(([starts]) => starts.test(digits))?.[1] ?? [];
  return lengths.find((length) => length <= digits.length && endsAt(length) && isLuhn(digits.slice(0, length)));
}

/** Not a list of small numbers: each group but the last has three digits at least. */
function isGrouped(ends: readonly number[]): boolean {
  let first = 0;
  for (let at = 1; at < ends.length; at++) {
    if (ends[at]! === ends[at - 1]! + 1) continue;
    if (at - first < 3) return false;
    first = at;
  }
  return true;
}

function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = digits.length - 1, twice = false; at >= 0; at--, twice = !twice) {
    const digit = Number(digits[at]) * (twice ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

/* Telephone numbers */

const PHONE = /(?<![\p{L}\p{N}_])\+[1-9](?:(?: ?\(| ?\) ?|[ \u00a0\u202f./-])?[0-9])+/gu;
const LEAST_PHONE_DIGITS = 8;
const MOST_PHONE_DIGITS = 15;
/** `+1.234.567` is a sum of money. */
const SUM = /^\+\d{1,3}(\.\d{3})+$/;

function* phones(text: string): Iterable<Shape> {
  if (!text.includes('+')) return;
  for (const { 0: run, index: start } of text.matchAll(PHONE)) {
    const written = phoneOf(run, isWord(text, start + run.length));
    if (written === undefined || SUM.test(written)) continue;
    const value = `+${written.replace(/[^0-9]/g, '')}`;
    yield { start, end: start + written.length, value, dataClass: 'personal' };
  }
}

/** As many groups as a number may have digits; the last is not one if a letter goes on where it ends. */
function phoneOf(run: string, goesOn: boolean): string | undefined {
  const groups = run.match(/[^0-9]*[0-9]+/g)!;
  if (goesOn) groups.pop();
  const digitsIn = () => groups.join('').replace(/[^0-9]/g, '').length;
  while (digitsIn() > MOST_PHONE_DIGITS) groups.pop();
  return digitsIn() < LEAST_PHONE_DIGITS ? undefined : groups.join('');
}
