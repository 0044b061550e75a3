/** A text with one layer of writing taken off: what it says, and where each of its characters stood. */
export interface Reading {
  plain: string;
  /** By character of `plain`: where it began in the text, and where it ended. */
  from: Uint32Array;
  to: Uint32Array;
}

/** Nobody sees them, and they part a value: soft hyphen, joiners, directions, variants, byte order mark. */
const UNSEEN =
  '[\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0]';
/** Other forms of plain letters, digits and signs: full width, small, raised, mathematical, in circles. */
const FORMS =
  '[\\u00b2\\u00b3\\u00b9\\u2024\\u2070-\\u209c\\u2100-\\u214f\\u2460-\\u24ff\\u3000\\ufe50-\\ufe6f\\uff01-\\uff5e\\u{1d400}-\\u{1d7ff}\\u{1fbf0}-\\u{1fbf9}]';
const PERCENT = '(?:%[0-9a-fA-F]{2})+';
const ENTITY = '&(?:amp;){0,4}(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z]{2,8};)';
const BACKSLASHED = '\\\\{1,8}(?:u[0-9a-fA-F]{4}|u\\{[0-9a-fA-F]{1,6}\\}|x[0-9a-fA-F]{2}|[nrtbf"/])';
const WRITTEN = new RegExp([PERCENT, ENTITY, BACKSLASHED, UNSEEN, FORMS].join('|'), 'gu');
const IS_UNSEEN = new RegExp(UNSEEN, 'u');

/** `below`: the reading that `text` is of; places are of what that was made of. Undefined where nothing is to be taken off. */
export function readingOf(text: string, below: Reading | undefined): Reading | undefined {
  if (text.search(WRITTEN) < 0) return undefined;
  const pieces: string[] = [];
  const from = new Uint32Array(text.length);
  const to = new Uint32Array(text.length);
  let at = 0;
  let written = 0;
  const put = (piece: string, start: number, end: number) => {
    for (let unit = 0; unit < piece.length; unit++, written++) {
      from[written] = below ? below.from[start]! : start;
      to[written] = below ? below.to[end - 1]! : end;
    }
    pieces.push(piece);
  };
  const asIs = (until: number) => {
    pieces.push(text.slice(at, until));
    for (; at < until; at++, written++) {
      from[written] = below ? below.from[at]! : at;
      to[written] = below ? below.to[at]! : at + 1;
    }
  };
  for (const { 0: match, index } of text.matchAll(WRITTEN)) {
    asIs(index);
    for (const { said, length } of partsOf(match)) {
      put(said, at, at + length);
      at += length;
    }
  }
  asIs(text.length);
  const plain = pieces.join('');
  return plain === text ? undefined : { plain, from, to };
}

interface Part {
  said: string;
  /** Of what it was written as. */
  length: number;
}

function partsOf(match: string): Part[] {
  const { length } = match;
  switch (match[0]) {
    case '%':
      return percentParts(match);
    case '&':
      return [{ said: entity(match), length }];
    case '\\':
      return [{ said: escaped(match), length }];
    default:
      return [{ said: IS_UNSEEN.test(match) ? '' : plainForm(match), length }];
  }
}

const plainForm = (char: string): string => {
  const plain = char.normalize('NFKC');
  return plain.length <= char.length && /^[\x20-\x7e]+$/.test(plain) ? plain : char;
};

/** Bytes of UTF-8, a character at a time; what is none stays as it is. */
function percentParts(run: string): Part[] {
  const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
  const parts: Part[] = [];
  for (let at = 0; at < bytes.length;) {
    const count = sequenceLength(bytes[at]!);
    const said = bytes.toString('utf8', at, at + count);
    const isOne = [...said].length === 1 && said !== '\ufffd';
    const length = isOne ? count : 1;
    parts.push({ said: isOne ? said : run.slice(3 * at, 3 * at + 3), length: 3 * length });
    at += length;
  }
  return parts;
}

const sequenceLength = (first: number): number => (first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);

const NAMED: Readonly<Record<string, string>> = {
  ...{ commat: '@', plus: '+', period: '.', amp: '&', nbsp: '\u00a0', hyphen: '-', dash: '-', lowbar: '_', sol: '/' },
  ...{ lpar: '(', rpar: ')', quot: '"', apos: "'", lt: '<', gt: '>', colon: ':', num: '#', percnt: '%', bsol: '\\' },
  ...{ shy: '', zwj: '', zwnj: '', ensp: ' ', emsp: ' ', thinsp: ' ', newline: '\n', tab: '\t', comma: ',' },
};

function entity(match: string): string {
  const [, hex, dec, name] = /(?:#[xX]([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?$/.exec(match)!;
  if (hex) return charOf(parseInt(hex, 16)) ?? match;
  if (dec) return charOf(Number(dec)) ?? match;
  return NAMED[name!.toLowerCase()] ?? match;
}

const LETTERS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: ' ', f: ' ' };

function escaped(match: string): string {
  const [, hex, letter] = /(?:[ux]\{?([0-9a-fA-F]+)\}?|(.))$/.exec(match)!;
  return hex ? (charOf(parseInt(hex, 16)) ?? match) : (LETTERS[letter!] ?? letter!);
}

const charOf = (code: number): string | undefined => (code <= 0x10ffff ? String.fromCodePoint(code) : undefined);
