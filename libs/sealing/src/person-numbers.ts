/*
 * Numbers by which a state knows a person. Those that a checksum or a rare form tells from an order's number are found anywhere,
 * in capitals as they are printed; all others only behind a word that says what they are. A date is none of them.
 */
import type { Shape } from './shapes.js';

interface Kind {
  /** What is found ends with the number. */
  pattern: RegExp;
  number: RegExp;
  /** Of the number without gaps, in capitals. */
  isOne: (plain: string) => boolean;
}

/** What may stand between such a word and the number: `no`, `:`, `is`, quotes. */
const SAYS =
  '[^\\p{L}\\p{N}\\n]{0,6}(?:(?:no|nr|num|number|nummer|numero|número|id|is|ist|es|code)\\b[^\\p{L}\\p{N}\\n]{0,6}){0,3}';
const labelled = (labels: string) => `(?<![\\p{L}\\p{N}])(?:${labels})`;
const behind = (labels: string, number: string): Pick<Kind, 'pattern' | 'number'> => ({
  pattern: new RegExp(`${labelled(labels)}${SAYS}${number}(?![\\p{L}\\p{N}])`, 'giu'),
  number: new RegExp(`${number}$`, 'i'),
});
const anywhere = (number: string): Pick<Kind, 'pattern' | 'number'> => ({
  pattern: new RegExp(`(?<![\\p{L}\\p{N}_.-])${number}(?![\\p{L}\\p{N}_]|[.-][0-9])`, 'gu'),
  number: new RegExp(number),
});
const spaced = (digits: number) => `[0-9](?:[ .-]?[0-9]){${digits - 1}}`;

const LABELS = {
  ssn: 'ssn|social[ _-]?security',
  dni: 'dni|nie|nif',
  bsn: 'bsn|burgerservicenummer|sofi[ -]?nummer',
  tax: 'steuer[ -]?id(?:entifikationsnummer|entnummer|nr)?|idnr|tax[ _-]?id|tin',
  passport: 'passport|passnummer|reisepass|pasaporte|passeport|paspoort|passaporto',
};

const BARE: readonly Kind[] = [
  { ...anywhere('[0-9]{3}-[0-9]{2}-[0-9]{4}'), isOne: isSsn },
  {
    ...anywhere('[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]'),
    isOne: (plain) => !/^(BG|GB|NK|KN|TN|NT|ZZ)/.test(plain),
  },
  { ...anywhere('[0-9]{2}\\.?[0-9]{3}\\.?[0-9]{3}[ -]?[A-Z]'), isOne: isDni },
  { ...anywhere('[XYZ][ -]?[0-9]{7}[ -]?[A-Z]'), isOne: isDni },
];
const LABELLED: readonly Kind[] = [
  { ...behind(LABELS.ssn, '[0-9]{3}[ .-]?[0-9]{2}[ .-]?[0-9]{4}'), isOne: isSsn },
  { ...behind(LABELS.dni, '[XYZ0-9][ .-]?[0-9](?:[ .-]?[0-9]){6}[ -]?[A-Z]'), isOne: isDni },
  { ...behind(LABELS.bsn, spaced(9)), isOne: isBsn },
  { ...behind(LABELS.tax, spaced(11)), isOne: isGermanTaxId },
  {
    ...behind(LABELS.passport, '[A-Z]{0,3}[0-9][A-Z0-9]{4,8}'),
    isOne: (plain) => plain.replace(/[^0-9]/g, '').length >= 4,
  },
];

/** Two looks at a text tell whether it is worth any other. */
const SIX_DIGITS = /(?:[0-9][ .-]?){6}/;
const ANY_LABEL = new RegExp(labelled(Object.values(LABELS).join('|')), 'iu');

export function* personNumbers(text: string): Iterable<Shape> {
  if (SIX_DIGITS.test(text)) for (const kind of BARE) yield* numbersOf(kind, text);
  if (ANY_LABEL.test(text)) for (const kind of LABELLED) yield* numbersOf(kind, text);
}

function* numbersOf({ pattern, number, isOne }: Kind, text: string): Iterable<Shape> {
  for (const { 0: match, index } of text.matchAll(pattern)) {
    const written = number.exec(match)![0];
    const value = written.replace(/[ .-]/g, '').toUpperCase();
    const end = index + match.length;
    if (isOne(value)) yield { start: end - written.length, end, value, dataClass: 'personal' };
  }
}

/** What the agency never gives out is no number of a person's. */
function isSsn(plain: string): boolean {
  return /^(?!000|666|9)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}$/.test(plain);
}

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';
/** `20260101Z` is a day. */
const DAY = /^(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])/;

function isDni(plain: string): boolean {
  const digits = plain.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
  return !DAY.test(plain) && DNI_LETTERS[Number(digits) % 23] === plain.at(-1);
}

function isBsn(plain: string): boolean {
  const sum = [...plain].reduce((so, digit, at) => so + Number(digit) * (at === 8 ? -1 : 9 - at), 0);
  return Number(plain) > 0 && sum % 11 === 0;
}

/** ISO 7064, mod 11, 10. */
function isGermanTaxId(plain: string): boolean {
  let product = 10;
  for (const digit of plain.slice(0, 10)) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return plain[0] !== '0' && (11 - product) % 10 === Number(plain[10]);
}
