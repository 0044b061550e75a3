/*
 * Finds values in bytes of any kind. What it guarantees:
 * 1. A value is found as it is, grouped by gaps, in any case, in full width, percent-encoded, as HTML entities, as \u escapes, in hex, and in
 *    base64 or base64url at any of its three alignments, alone or in the middle of something longer.
 * 2. Time grows with the text's length, however many values are looked for.
 */
import type { PersonalValue } from './values.js';

export interface Hit {
  value: PersonalValue;
  where: string;
  around: string;
}

// By its own name: as a property of a global it is looked up anew each time where a test runs in a context of its own.
const { imul } = Math;
const HEAD = 5;
const BUCKETS = 1 << 20;
const SHORTEST = 8;

export class Needles {
  readonly #heads = new Uint8Array(BUCKETS);
  readonly #byHead = new Map<string, { text: string; value: PersonalValue }[]>();

  constructor(values: readonly PersonalValue[]) {
    for (const value of values) for (const text of formsOf(value.plain)) this.add(text, value);
  }

  /** What stands in a text, in whatever form. */
  in(where: string, text: string): Hit[] {
    const hits: Hit[] = [];
    for (const reading of readingsOf(text)) this.scan(where, reading, hits);
    return hits;
  }

  private add(text: string, value: PersonalValue): void {
    if (text.length < SHORTEST) return;
    const head = text.slice(0, HEAD);
    this.#heads[bucketOf(text, 0)] = 1;
    const same = this.#byHead.get(head) ?? [];
    if (!same.some((one) => one.text === text)) this.#byHead.set(head, [...same, { text, value }]);
  }

  private scan(where: string, text: string, hits: Hit[]): void {
    for (let at = 0; at <= text.length - SHORTEST; at++) {
      if (this.#heads[bucketOf(text, at)] === 0) continue;
      for (const needle of this.#byHead.get(text.slice(at, at + HEAD)) ?? []) {
        if (!text.startsWith(needle.text, at)) continue;
        if (hits.some(({ value }) => value === needle.value)) continue;
        const around = text.slice(Math.max(0, at - 60), at + needle.text.length + 20);
        hits.push({ value: needle.value, where, around });
      }
    }
  }
}

function bucketOf(text: string, at: number): number {
  let hash = 0;
  for (let n = 0; n < HEAD; n++) hash = (imul(hash, 31) + text.charCodeAt(at + n)) | 0;
  return (hash ^ (hash >>> 15)) & (BUCKETS - 1);
}

/** What a value is looked for as, in lower case. */
function formsOf(plain: string): Set<string> {
  const forms = new Set([plain.toLowerCase()]);
  // Nine digits without their hyphens may stand anywhere.
  if (!/^[0-9-]{11}$/.test(plain)) forms.add(squeezed(plain.toLowerCase()));
  for (const cased of new Set([plain, plain.toUpperCase(), plain.toLowerCase()])) {
    forms.add(Buffer.from(cased).toString('hex'));
    for (let skip = 0; skip < 3; skip++) for (const form of alignedBase64(cased, skip)) forms.add(form.toLowerCase());
  }
  return forms;
}

/** The characters that are the same whatever stands before and after. */
function alignedBase64(plain: string, skip: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(skip), Buffer.from(plain)]);
  const first = Math.ceil((skip * 8) / 6);
  const last = Math.floor((bytes.length * 8) / 6);
  return [bytes.toString('base64').slice(first, last), bytes.toString('base64url').slice(first, last)];
}

/** A text in lower case, the same without escapes, and both without gaps. */
function readingsOf(text: string): Set<string> {
  const lower = text.toLowerCase();
  const plain = unescaped(text).toLowerCase();
  return new Set([lower, plain, squeezed(plain)]);
}

const squeezed = (text: string): string => text.replace(/[\s\u00a0\u202f./()_-]+/g, '');

const NAMED: Readonly<Record<string, string>> = { commat: '@', plus: '+', period: '.', amp: '&' };

function unescaped(text: string): string {
  let plain = text;
  if (plain.includes('\\u'))
    plain = plain.replace(/\\+u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  if (plain.includes('&'))
    plain = plain.replace(/&(?:amp;)?(?:#(\d{1,6})|#x([0-9a-f]{1,5})|(\w{2,8}));/gi, (all, dec, hex, name) => {
      if (dec) return String.fromCharCode(Number(dec));
      return hex ? String.fromCharCode(parseInt(String(hex), 16)) : (NAMED[String(name).toLowerCase()] ?? String(all));
    });
  if (plain.includes('%'))
    plain = plain.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
  return /[^\0-\x7f]/.test(plain) ? plain.normalize('NFKC') : plain;
}
