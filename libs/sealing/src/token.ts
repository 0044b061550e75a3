import { randomBytes } from 'node:crypto';
import { isSealed, type DataClass, type Json, type Sealed } from '@countersign/contracts';

/** Letters and digits alone: no shape of personal data can begin or end inside one. */
const TOKEN = /tok_[0-9a-f]{32}/;
const ALL = new RegExp(TOKEN, 'g');

export const newToken = (): string => `tok_${randomBytes(16).toString('hex')}`;

/** Every token in a value: of sealed fields, and those that stand in text. */
export function tokensIn(value: Json): string[] {
  const found = new Set<string>();
  walk(value, (text) => {
    for (const token of text.match(ALL) ?? []) found.add(token);
    return text;
  });
  return [...found];
}

/** The tokens of sealed fields alone. One that stands in a record's text proves nothing: anybody may have written it there. */
export function sealedTokensIn(value: Json): string[] {
  const found = new Set<string>();
  walk(
    value,
    (text) => text,
    (sealed) => {
      found.add(sealed.$sealed.token);
      return sealed;
    },
  );
  return [...found];
}

export interface TokenPlace {
  token: string;
  /** Names and positions down to it: `arguments.lines.0`. */
  path: string;
  /** Of a sealed field; a token in a text has none of its own. */
  dataClass?: DataClass;
}

/** Where tokens stand in a value, in order: sealed fields, and those in texts and names. */
export function* tokenPlaces(value: Json, path: readonly string[] = []): Iterable<TokenPlace> {
  const at = (names: readonly string[], text: string) =>
    tokensIn(text).map((token) => ({ token, path: names.join('.') }));
  if (typeof value === 'string') yield* at(path, value);
  if (typeof value !== 'object' || value === null) return;
  if (isSealed(value)) {
    const { token, class: dataClass } = value.$sealed;
    yield { token, path: path.join('.'), dataClass };
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    yield* at([...path, name], name);
    yield* tokenPlaces(member, [...path, name]);
  }
}

/**
 * A value with its tokens replaced by what they stand for. A sealed field, or a text that is one token, becomes the value; a
 * token within a text becomes the value's text. What `opened` does not hold stays a token.
 *
 * @example
 * withOpened({ to: token, text: `Dear ${token}` }, opened); // { to: 'dana@example.com', text: 'Dear dana@example.com' }
 */
export function withOpened<T extends Json>(value: T, opened: ReadonlyMap<string, Json>): T;
export function withOpened(value: Json, opened: ReadonlyMap<string, Json>): Json {
  if (opened.size === 0) return value;
  const whole = (token: string, or: Json) => opened.get(token) ?? or;
  return walk(
    value,
    (text) => {
      if (opened.has(text)) return whole(text, text);
      return text.replace(ALL, (token) => textOf(whole(token, token)));
    },
    (sealed) => whole(sealed.$sealed.token, sealed),
  );
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

function walk(value: Json, ofText: (text: string) => Json, ofSealed?: (sealed: Sealed) => Json): Json {
  if (typeof value === 'string') return ofText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((member) => walk(member, ofText, ofSealed));
  if (ofSealed && isSealed(value)) return ofSealed(value);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, walk(member, ofText, ofSealed)]));
}
