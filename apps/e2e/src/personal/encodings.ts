import type { PersonalValue } from './values.js';

/** How a value may be written. Those of `ASCII` can stand in a header of HTTP; those of `WORD` in one word of it. */
const WRITTEN = {
  plain: ({ plain }) => plain,
  grouped: ({ grouped }) => grouped,
  upper: ({ plain }) => plain.toUpperCase(),
  // Of a state's numbers only capitals are known: as anything else they may be any id.
  lower: ({ kind, plain }) => (kind === 'id' ? plain : plain.toLowerCase()),
  percent: ({ plain }) => encodeURIComponent(plain).replaceAll('.', '%2E'),
  'percent, all of it': ({ plain }) => each(plain, (byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`),
  base64: ({ plain }) => Buffer.from(plain).toString('base64'),
  base64url: ({ plain }) => Buffer.from(plain).toString('base64url'),
  hex: ({ plain }) => Buffer.from(plain).toString('hex'),
  'HTML entities': ({ plain }) => each(plain, (byte) => `&#${byte};`),
  'an HTML entity': ({ plain }) => plain.replaceAll('@', '&#x40;').replaceAll('+', '&#43;').replace(/^\d/, entity),
  '\\u escapes': ({ plain }) => each(plain, (byte) => `\\u${byte.toString(16).padStart(4, '0')}`),
  'full width': ({ plain }) => each(plain, (byte) => (byte === 0x20 ? '\u3000' : String.fromCharCode(byte + 0xfee0))),
} as const satisfies Record<string, (value: PersonalValue) => string>;

export type Encoding = keyof typeof WRITTEN;
export const ENCODINGS = Object.keys(WRITTEN) as Encoding[];
export const ASCII = ENCODINGS.filter((name) => name !== 'full width');
/** Without gaps or backslashes. */
export const WORD = ASCII.filter((name) => name !== 'grouped' && name !== '\\u escapes');

export const written = (value: PersonalValue, encoding: Encoding): string => WRITTEN[encoding](value);

const each = (text: string, of: (byte: number) => string): string => [...Buffer.from(text)].map(of).join('');
const entity = (digit: string) => `&#${digit.charCodeAt(0)};`;
