import { isSealed, jcs, refusal, type Json, type JsonObject } from '@countersign/contracts';
import { tokensIn, withOpened, type Opener } from '@countersign/sealing';
import { NoAnswer } from '@countersign/tool-sdk';
import type { Refused, Warrant } from './state.js';

/**
 * Sealed values in the arguments of a warrant. It guarantees:
 * 1. Only a token that the warrant names in `opens` is opened; any other is refused, and so is one nobody can open.
 * 2. An opened value is given to the tool alone: whatever comes back of it shows the token in its place (`Mask`).
 */
export type Arguments = { ok: true; args: JsonObject; mask: Mask } | { ok: false; refusal: Refused };

/** Puts tokens back where opened values stand: in text, and in JSON, names included. */
export interface Mask {
  text(text: string): string;
  json<T>(value: T): T;
}

const NOTHING_TO_HIDE: Mask = { text: (text) => text, json: (value) => value };
/** What is shorter is replaced only where it is the whole value: it may be part of any word. */
const MIN_PART = 4;

export async function openedArguments(
  { arguments: given, tenant, opens = [] }: Pick<Warrant, 'arguments' | 'tenant' | 'opens'>,
  opener: Opener,
): Promise<Arguments> {
  const tokens = tokensIn(given);
  if (tokens.length === 0) return { ok: true, args: given, mask: NOTHING_TO_HIDE };
  const foreign = tokens.filter((token) => !opens.includes(token));
  if (foreign.length > 0) return refused(`${foreign.join(', ')}: not a value this session has read`);
  const opened = await open(opener, tenant, tokens);
  const lost = tokens.filter((token) => !opened.has(token));
  if (lost.length > 0)
    return refused(`${lost.join(', ')}: nobody can open it any more; whom it is about may have been erased`);
  return { ok: true, args: withOpened(given, opened), mask: maskOf(opened) };
}

async function open(opener: Opener, tenant: string, tokens: string[]): Promise<ReadonlyMap<string, Json>> {
  try {
    return await opener.open(tenant, tokens);
  } catch (error) {
    // Its own words may hold what it was to open.
    throw new NoAnswer(`the sealing store could not be asked (${error instanceof Error ? error.name : 'unknown'})`);
  }
}

const refused = (detail: string): Arguments => ({
  ok: false,
  refusal: refusal('INVALID_ARGUMENTS', detail, 'Use only values that were read here or that the user gave.'),
});

interface Known {
  token: string;
  whole: string;
  words: string;
}

/** Guarantee 2. Longer values first: one may stand in another. */
function maskOf(opened: ReadonlyMap<string, Json>): Mask {
  const known = [...opened].map(([token, value]): Known => {
    const words = (typeof value === 'string' ? value : JSON.stringify(value)).trim();
    return { token, whole: wholeOf(value), words };
  });
  const parts = known
    .filter(({ words }) => words.length >= MIN_PART)
    .sort((one, other) => other.words.length - one.words.length);
  const text = (given: string) => parts.reduce((so, { words, token }) => so.replaceAll(words, token), given);
  return { text, json: (value) => masked(value as Json, known, text) as typeof value };
}

function masked(value: Json, known: Known[], text: (given: string) => string): Json {
  if (value === null || isSealed(value)) return value;
  const whole = wholeOf(value);
  const token = known.find((one) => one.whole === whole)?.token;
  if (token !== undefined) return token;
  if (typeof value === 'string') return text(value);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((member) => masked(member, known, text));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [text(name), masked(member as Json, known, text)]),
  );
}

/** A number and its digits are the same value. */
const wholeOf = (value: Json): string => (typeof value === 'object' ? jcs(value) : String(value).trim());
