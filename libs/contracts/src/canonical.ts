import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** A value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** RFC 8785 canonical JSON: the same value gives the same text on every machine. Throws on what JSON cannot carry. */
export function jcs(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('value has no canonical JSON form');
  return text;
}

/** SHA-256 over the canonical JSON of a value, base64url. Everything that binds (actions, previews, policies) binds by this. */
export function digest(value: unknown): string {
  return createHash('sha256').update(jcs(value)).digest('base64url');
}
