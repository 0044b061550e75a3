/** Why bytes cannot be read. Each becomes the reason of a parked record. */
export type PoisonReason =
  | 'TOO_LARGE'
  | 'NOT_UTF8'
  | 'NOT_JSON'
  | 'DUPLICATE_KEY'
  | 'TOO_DEEP'
  | 'NOT_AN_EVENT'
  | 'UNKNOWN_TYPE'
  | 'WRONG_TOPIC'
  | 'INVALID_DATA';

export class Poison extends Error {
  constructor(
    readonly reason: PoisonReason,
    readonly detail: string,
  ) {
    super(`${reason}: ${detail}`);
    this.name = 'Poison';
  }
}

export const MAX_VALUE_BYTES = 1024 * 1024;
export const MAX_DEPTH = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Size → strict UTF-8 → JSON without duplicate keys and at most `MAX_DEPTH` deep. Throws `Poison`.
 * Duplicate keys are refused because two readers may take different ones.
 */
export function parseStrictJson(bytes: Uint8Array): { text: string; value: unknown } {
  if (bytes.byteLength > MAX_VALUE_BYTES)
    throw new Poison('TOO_LARGE', `${bytes.byteLength} bytes, at most ${MAX_VALUE_BYTES}`);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Poison('NOT_UTF8', 'the bytes are not UTF-8');
  }
  // Before JSON.parse: its recursion is what a deep value attacks. The scan alone may misjudge text that is not JSON.
  const flaw = scan(text);
  if (flaw?.reason === 'TOO_DEEP') throw flaw;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Poison('NOT_JSON', error instanceof Error ? error.message.slice(0, 200) : 'unreadable');
  }
  if (flaw) throw flaw;
  return { text, value };
}

/** One pass over the text: nesting depth, and keys seen twice in one object. */
function scan(text: string): Poison | undefined {
  const open: (Set<string> | null)[] = [];
  let expectKey = false;
  let flaw: Poison | undefined;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: {
        const end = stringEnd(text, i);
        if (expectKey) {
          flaw ??= addKey(open.at(-1), text.slice(i, end + 1));
          expectKey = false;
        }
        i = end;
        break;
      }
      case 0x7b:
        open.push(new Set());
        expectKey = true;
        break;
      case 0x5b:
        open.push(null);
        expectKey = false;
        break;
      case 0x7d:
      case 0x5d:
        open.pop();
        expectKey = false;
        break;
      case 0x2c:
        expectKey = open.at(-1) instanceof Set;
        break;
    }
    if (open.length > MAX_DEPTH) return new Poison('TOO_DEEP', `nested more than ${MAX_DEPTH} levels`);
  }
  return flaw;
}

function stringEnd(text: string, start: number): number {
  let i = text.indexOf('"', start + 1);
  while (i !== -1) {
    let slashes = 0;
    while (text.charCodeAt(i - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return i;
    i = text.indexOf('"', i + 1);
  }
  return text.length;
}

function addKey(keys: Set<string> | null | undefined, raw: string): Poison | undefined {
  if (!keys) return undefined;
  let key = raw;
  // "a" and "\u0061" are the same key.
  if (raw.includes('\\')) {
    try {
      key = JSON.stringify(JSON.parse(raw));
    } catch {
      return undefined;
    }
  }
  if (keys.has(key)) return new Poison('DUPLICATE_KEY', `the key ${key.slice(0, 80)} stands twice in one object`);
  keys.add(key);
  return undefined;
}
