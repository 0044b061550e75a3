import { exact } from '../../ui/relative-time.js';
import { fieldName, valueText } from '../../ui/record-name.js';

/** What was opened in this window: token → value. */
export type Opened = ReadonlyMap<string, unknown>;
export const NOTHING_OPENED: Opened = new Map();

/**
 * A sentence of the record as people read it: objects as "amount 18.00, currency EUR", instants in the reader's zone, policy without its
 * digest. What it says stays as it was.
 */
export function plain(says: string, opened: Opened = NOTHING_OPENED): string {
  return withoutObjects(says)
    .replaceAll(/\bpolicy [\w-]{43}(?=[\s,;.])/g, 'policy')
    .replaceAll(/ \((?:warrant )?jti_[0-9a-f]{32}\)| \(warrant jti_\w+\)/g, '')
    .replaceAll(/ with key key_[0-9a-f]{32}/g, '')
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (at) => exact(at))
    .replaceAll(/<(\w+) (tok_[0-9a-f]{32})>/g, (_, dataClass: string, token: string) =>
      opened.has(token) ? valueText(opened.get(token)) : `[sealed ${dataClass} value]`,
    );
}

/** A text of nothing but braces is not looked through once for each. */
const MOST_BRACES = 50;

/** Each JSON object in a text that is whole, in words. */
function withoutObjects(text: string): string {
  let said = '';
  let at = 0;
  let tries = MOST_BRACES;
  for (let open = text.indexOf('{'); open !== -1 && tries-- > 0; open = text.indexOf('{', at)) {
    const end = endOfObject(text, open);
    const object = end === undefined ? undefined : parsed(text.slice(open, end));
    said += text.slice(at, open) + (object === undefined ? '{' : `(${wordsOf(object)})`);
    at = object === undefined ? open + 1 : end!;
  }
  return said + text.slice(at);
}

const wordsOf = (object: Record<string, unknown>) =>
  Object.entries(object)
    .map(([field, value]) => `${fieldName(field)} ${valueText(value)}`)
    .join(', ');

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Behind the brace that closes the one at `open`; strings are stepped over. */
function endOfObject(text: string, open: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = open; at < text.length; at++) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return at + 1;
  }
  return undefined;
}
