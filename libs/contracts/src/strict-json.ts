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
  const { depth, members } = measure(text);
  if (depth > MAX_DEPTH) throw new Poison('TOO_DEEP', `nested more than ${MAX_DEPTH} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Poison('NOT_JSON', whereOf(error));
  }
  // Of two members with one name, JSON.parse keeps one.
  if (membersOf(value) !== members)
    throw new Poison('DUPLICATE_KEY', `the key ${twice(text)} stands twice in one object`);
  return { text, value };
}

/** Of what the parser says, the place alone: the rest quotes the text. */
function whereOf(error: unknown): string {
  const place =
    error instanceof Error ? /position \d+(?: \(line \d+ column \d+\))?/.exec(error.message)?.[0] : undefined;
  return place ? `it is no JSON at ${place}` : 'it is no JSON';
}

/** How deep a text is nested, and how many members its objects have: the colons outside its strings. Stops where it is too deep. */
function measure(text: string): { depth: number; members: number } {
  let members = 0;
  let open = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22:
        i = stringEnd(text, i);
        break;
      case 0x3a:
        members++;
        break;
      case 0x7b:
      case 0x5b:
        if (++open > MAX_DEPTH) return { depth: open, members };
        break;
      case 0x7d:
      case 0x5d:
        open--;
        break;
    }
  }
  return { depth: 0, members };
}

/** Throws `Poison` on a number that JSON can spell and a double cannot hold: `1e999` has no canonical form. */
function membersOf(value: unknown): number {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Poison('NOT_JSON', 'a number is too large for a double');
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const each of value) count += membersOf(each);
    return count;
  }
  const keys = Object.keys(value);
  for (const key of keys) count += membersOf((value as Record<string, unknown>)[key]);
  return count + keys.length;
}

/** The first key that an object of this JSON text has a second time. */
function twice(text: string): string {
  const open: (Set<string> | undefined)[] = [];
  let expectKey = false;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: {
        const end = stringEnd(text, i);
        const keys = open.at(-1);
        if (expectKey && keys) {
          // "a" and "\u0061" are the same key.
          const key = JSON.stringify(JSON.parse(text.slice(i, end + 1)));
          if (keys.has(key)) return key.slice(0, 80);
          keys.add(key);
        }
        expectKey = false;
        i = end;
        break;
      }
      case 0x7b:
        open.push(new Set());
        expectKey = true;
        break;
      case 0x5b:
        open.push(undefined);
        expectKey = false;
        break;
      case 0x7d:
      case 0x5d:
        open.pop();
        expectKey = false;
        break;
      case 0x2c:
        expectKey = open.at(-1) !== undefined;
        break;
    }
  }
  return 'unknown';
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
