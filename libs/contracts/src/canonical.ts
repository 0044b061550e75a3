import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** A value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** RFC 8785 canonical JSON: the same value gives the same text on every machine. Throws on what JSON cannot carry. */
export function jcs(value: unknown): string {
  const plain = sorted(value);
  const text = plain === UNSURE ? undefined : JSON.stringify(plain);
  // A surrogate that stands alone would be escaped; RFC 8785 refuses it.
  if (text !== undefined && !text.includes('\\ud')) return text;
  const canonical = canonicalize(value);
  if (canonical === undefined) throw new TypeError('value has no canonical JSON form');
  return canonical;
}

/** What the short way does not answer for; `canonicalize`, four times slower, does. */
const UNSURE = Symbol('unsure');

/** The same value with each object's keys in order, which `JSON.stringify` keeps. */
function sorted(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : UNSURE;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return sortedList(value);
  if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in value) return UNSURE;
  const object = value as Record<string, unknown>;
  const keys = Object.keys(object).sort();
  const copy: Record<string, unknown> = {};
  for (const key of keys) {
    // A number's digits jump the order of an object's keys, and `__proto__` is none of them.
    if (key === '__proto__' || (key >= '0' && key < ':')) return UNSURE;
    const member = sorted(object[key]);
    if (member === UNSURE) return UNSURE;
    copy[key] = member;
  }
  return copy;
}

function sortedList(list: unknown[]): unknown {
  const copy: unknown[] = [];
  for (const each of list) {
    const member = sorted(each);
    if (member === UNSURE) return UNSURE;
    copy.push(member);
  }
  return copy;
}

/** SHA-256 over the canonical JSON of a value, base64url. Everything that binds (actions, previews, policies) binds by this. */
export function digest(value: unknown): string {
  return hash('sha256', jcs(value), 'base64url');
}
