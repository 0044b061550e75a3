import type { Json } from './canonical.js';

/**
 * How deep what events carry may be nested (arguments, results, effects): well below `MAX_DEPTH`, so that every event that
 * wraps it can still be read.
 */
export const MAX_PAYLOAD_DEPTH = 16;
/** The longest request or proposal, in characters of its JSON: a warrant repeats its arguments beside a preview. */
export const MAX_REQUEST_CHARS = 256 * 1024;

/** At most `length` UTF-16 units of a text, without half a character: canonical JSON refuses those. */
export const cut = (text: string, length: number): string => text.slice(0, length).toWellFormed();

/** Why a value cannot travel in an event, in words for its sender; undefined if it can. */
export function payloadFlaw(value: unknown, depth = MAX_PAYLOAD_DEPTH): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'half a character (a lone surrogate)';
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'a number too large for a double';
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === 0) return 'it is nested too deep';
  for (const [key, member] of Object.entries(value)) {
    const flaw = payloadFlaw(key) ?? payloadFlaw(member, depth - 1);
    if (flaw) return flaw;
  }
  return undefined;
}

/** The same value with U+FFFD for each half of a character, in keys too. */
export function wellFormed<T extends Json>(value: T): T;
export function wellFormed(value: Json): Json {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((member) => wellFormed(member));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.toWellFormed(), wellFormed(member as Json)]),
  );
}
