import type { Json } from '@countersign/contracts';
import { ownShapes, type Redactor } from './redactor.js';
import type { SealStore } from './seal-store.js';
import { shapesIn, type Shape } from './shapes.js';

/** Texts with all that is to be hidden replaced by its value's token, and the tokens put in. */
export async function sealWords(
  store: Pick<SealStore, 'seal'>,
  of: { tenant: string; subject: string },
  texts: readonly string[],
  redactor: Redactor = ownShapes,
): Promise<{ texts: string[]; tokens: string[] }> {
  const found = await redactor.find(texts);
  const all = found.flat();
  if (all.length === 0) return { texts: [...texts], tokens: [] };
  const sealed = await store.seal(
    all.map(({ value, dataClass }) => ({ ...of, value, dataClass, said: true as const })),
  );
  const tokens = sealed.map(({ token }) => token);
  let next = 0;
  const replaced = texts.map((text, index) => replacing(text, found[index]!, () => tokens[next++]!));
  return { texts: replaced, tokens: [...new Set(tokens)] };
}

/**
 * A value with every known shape in its texts replaced by its class, for who keeps words and may not seal: `[financial]`. What has
 * no shape to hide is given back as it is. A text is looked at under the name it stands under: `{ "ssn": "078051120" }`.
 */
export function maskWords<T extends Json>(value: T): T;
export function maskWords(value: Json): Json {
  return mapTexts(value, maskText);
}

function maskText(text: string, name = ''): string {
  const label = name && `${name}: `;
  const shapes = shapesIn(label + text).flatMap((shape) => {
    const [start, end] = [shape.start - label.length, shape.end - label.length];
    return end > 0 ? [{ ...shape, start: Math.max(start, 0), end }] : [];
  });
  return replacing(text, shapes, ({ dataClass }) => `[${dataClass}]`);
}

function replacing(text: string, shapes: readonly Shape[], by: (shape: Shape) => string): string {
  if (shapes.length === 0) return text;
  let at = 0;
  const pieces = shapes.map((shape) => {
    const piece = text.slice(at, shape.start) + by(shape);
    at = shape.end;
    return piece;
  });
  return pieces.join('') + text.slice(at);
}

/** Numbers from here on may be a card's. */
const LONG = 1e12;

/**
 * A value with all its texts replaced, in one order, names included; a long number is a text too if its digits are replaced. `name`
 * is the one a text stands under.
 */
export function mapTexts(value: Json, ofText: (text: string, name?: string) => string, name?: string): Json {
  if (typeof value === 'string') return ofText(value, name);
  if (typeof value === 'number') return value < LONG ? value : numberOr(value, ofText(String(value), name));
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((member) => mapTexts(member, ofText, name));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [ofText(key), mapTexts(one, ofText, key)]));
}

const numberOr = (value: number, text: string): Json => (text === String(value) ? value : text);
