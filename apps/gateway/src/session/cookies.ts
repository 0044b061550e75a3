/** A cookie holds 4,096 bytes with its name and attributes, and a token may be longer: a value goes into as many as it needs. */
const CHUNK = 3_600;
const MAX_CHUNKS = 4;
/** More than that no request could carry: Node takes 16 KiB of headers. */
export const MAX_VALUE = CHUNK * MAX_CHUNKS;

export interface CookieScope {
  name: string;
  path: string;
  secure: boolean;
}

/** `name`, `name.1`, …: what the browser sent under one name. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const cookies = parse(header);
  const first = cookies.get(name);
  if (!first) return undefined;
  const parts = [first];
  for (let at = 1; at < MAX_CHUNKS; at++) {
    const part = cookies.get(`${name}.${at}`);
    if (!part) break;
    parts.push(part);
  }
  return parts.join('');
}

/** The `Set-Cookie` lines that put a value in place of what was there, or take it away. */
export function writeCookie({ name, path, secure }: CookieScope, value: string | undefined, maxAge: number): string[] {
  const attributes = `Path=${path}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  const parts = value?.match(new RegExp(`.{1,${CHUNK}}`, 'g')) ?? [];
  return Array.from({ length: MAX_CHUNKS }, (_, at) => {
    const named = at === 0 ? name : `${name}.${at}`;
    const part = parts[at];
    // What a longer value of before left behind would be read as part of this one.
    return part ? `${named}=${part}; Max-Age=${maxAge}; ${attributes}` : `${named}=; Max-Age=0; ${attributes}`;
  });
}

function parse(header: string | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, equals)).trim();
    // Of two of one name the first is that of the closer path.
    if (name && !found.has(name)) found.set(name, pair.slice(equals + 1).trim());
  }
  return found;
}
