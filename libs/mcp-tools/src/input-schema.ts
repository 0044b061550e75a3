import { z } from 'zod';
import { classified, type DataClass } from '@countersign/contracts';
import { inputsOf } from './guess.js';

const MAX_TEXT = 20_000;
const MAX_DESCRIPTION = 300;
const UNFIT = /\$(?:dynamicRef|dynamicAnchor|recursiveRef|recursiveAnchor)/;

/**
 * A server's JSON Schema as the strict object that policy and executor parse arguments by: no field it does not name, texts bounded,
 * its own defaults left to it.
 *
 * @throws Error where the schema is none, or uses what can't be checked here
 */
export function inputOf(
  inputSchema: Record<string, unknown>,
  classOf: (input: string) => DataClass,
): z.ZodObject<Record<string, z.ZodType>> {
  if (UNFIT.test(JSON.stringify(inputSchema)))
    throw new Error('its input schema refers to itself in a way nobody can check');
  const { $defs, definitions, required } = inputSchema;
  const needed = new Set(Array.isArray(required) ? required.map(String) : []);
  const shared = { ...($defs ? { $defs } : {}), ...(definitions ? { definitions } : {}) };
  const fields = inputsOf(inputSchema).map(([name, schema]) => {
    const field = classified(classOf(name), fieldOf({ ...bounded(schema), ...shared }));
    return [name, needed.has(name) ? field : field.optional()] as const;
  });
  return z.strictObject(Object.fromEntries(fields));
}

function fieldOf(schema: Record<string, unknown>): z.ZodType {
  const { default: _, ...rest } = schema;
  return z.fromJSONSchema(rest as Parameters<typeof z.fromJSONSchema>[0]);
}

/** Every text has an end; and what a server says of its inputs is said briefly. */
function bounded(schema: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key === 'description' || key === 'title')
      return typeof value === 'string' ? plain(value, MAX_DESCRIPTION) : undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const one = value as Record<string, unknown>;
    if (one['type'] !== 'string' || 'enum' in one || 'const' in one) return one;
    const most = one['maxLength'];
    return { ...one, maxLength: typeof most === 'number' && most < MAX_TEXT ? most : MAX_TEXT };
  }) as Record<string, unknown>;
}

/** A server's words as a model may be shown them: bounded, in one form, without what nobody sees. */
export const plain = (text: string, length: number): string =>
  text
    .toWellFormed()
    .normalize('NFC')
    .replace(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu,
      '',
    )
    .slice(0, length)
    .toWellFormed();
