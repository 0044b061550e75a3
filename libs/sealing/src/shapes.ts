/*
 * Finds what looks like personal data in words. What it guarantees:
 * 1. IBANs (length of their country, checksum mod 97), payment cards (a known issuer, Luhn), e-mail addresses and telephone numbers in
 *    international form (`+` and country code) are found, however they are grouped by spaces, hyphens or dots.
 * 2. Order ids, amounts, dates, versions and tokens are none of these. A number without `+` is no telephone number: nobody could
 *    tell it from an order's.
 * 3. Shapes that overlap are one. After they are replaced by tokens, none is left.
 * 4. Time grows with the text's length, whatever stands in it.
 * 5. They are found too where they are percent-encoded, written as HTML entities or with backslashes, in full-width or mathematical
 *    letters, or with characters between that nobody sees: several of these on top of each other. The value is the same.
 * 6. A run of base64, base64url or hex that holds one, alone or in the middle, is one shape as a whole.
 * 7. Numbers by which a state knows a person are found (person-numbers.ts): by checksum or form where that is enough, else only
 *    behind a word that says what they are.
 */
import type { HiddenClass } from '@countersign/tool-sdk';
import { personNumbers } from './person-numbers.js';
import { plainShapes } from './plain-shapes.js';
import { readingOf, type Reading } from './readings.js';
import { readableIn, runsIn } from './runs.js';

export interface Shape {
  start: number;
  end: number;
  /** In one form, however it was written: an IBAN or a card without gaps has the same token everywhere. */
  value: string;
  dataClass: HiddenClass;
}

/** What is written upon what: an entity in a percent-encoded text, base64 in base64. */
const LAYERS = 3;
const RUNS_IN_RUNS = 2;

export const shapesIn = (text: string): Shape[] => found(text, RUNS_IN_RUNS);

function found(text: string, runs: number): Shape[] {
  const shapes = bare(text, runs);
  let reading: Reading | undefined;
  for (let layer = 0; layer < LAYERS; layer++) {
    const next = readingOf(reading?.plain ?? text, reading);
    if (!next) break;
    reading = next;
    for (const { start, end, ...shape } of bare(next.plain, runs))
      shapes.push({ ...shape, start: next.from[start]!, end: next.to[end - 1]! });
  }
  return shapes.length < 2 ? shapes : apart(shapes, text);
}

const bare = (text: string, runs: number): Shape[] => [
  ...plainShapes(text),
  ...personNumbers(text),
  ...(runs > 0 ? hiddenInRuns(text, runs - 1) : []),
];

/** Guarantee 6. A run that holds one value and nothing else stands for that value. */
function* hiddenInRuns(text: string, runs: number): Iterable<Shape> {
  for (const { run, start } of runsIn(text)) {
    const end = start + run.length;
    for (const readable of readableIn(run)) {
      const [first, ...more] = found(readable, runs);
      if (!first) continue;
      const isAll = first.start === 0 && first.end === readable.length;
      const dataClass = [first, ...more].some((one) => one.dataClass === 'financial') ? 'financial' : 'personal';
      yield { start, end, value: isAll ? first.value : run, dataClass };
      break;
    }
  }
}

/** Guarantee 3. */
export function apart(shapes: Shape[], text: string): Shape[] {
  shapes.sort((a, b) => a.start - b.start || b.end - a.end);
  const apart: Shape[] = [];
  for (const shape of shapes) {
    const last = apart.at(-1);
    if (!last || shape.start >= last.end) apart.push(shape);
    else Object.assign(last, merged(last, shape, text));
  }
  return apart;
}

function merged(one: Shape, other: Shape, text: string): Shape {
  const dataClass = [one, other].some((shape) => shape.dataClass === 'financial') ? 'financial' : 'personal';
  if (other.end <= one.end) return { ...one, dataClass };
  return { start: one.start, end: other.end, value: text.slice(one.start, other.end), dataClass };
}
