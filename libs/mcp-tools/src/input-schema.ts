/*
 * A server's JSON Schema, as policy and executor parse arguments by it. What it guarantees:
 * 1. No field that it does not name is let through, at any depth; texts have an end; defaults are left to the server.
 * 2. Nothing of it is run here that a server could make slow: its regular expressions are left to it, and a schema that leads back to
 *    itself is refused.
 * 3. What it says of its inputs is said briefly, without what nobody sees.
 */
import { z } from 'zod';
import { classified, type DataClass } from '@countersign/contracts';
import { asSchema, inputsOf, pointed, type Schema } from './json-schema.js';
import { plain } from './plain.js';

const MAX_TEXT = 20_000;
const MAX_DESCRIPTION = 300;
const MAX_DEPTH = 32;
const UNFIT = ['$dynamicRef', '$dynamicAnchor', '$recursiveRef', '$recursiveAnchor'];
/** Guarantee 2; and what is for people, or for the server alone. */
const LEFT = new Set([
  'pattern',
  'patternProperties',
  'propertyNames',
  'default',
  'examples',
  '$comment',
  '$schema',
  '$id',
]);
const ONE = new Set(['items', 'additionalItems', 'contains', 'not', 'if', 'then', 'else', 'unevaluatedProperties']);
const LIST = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const NAMED = new Set(['properties', '$defs', 'definitions', 'dependentSchemas']);

/** @throws Error where the schema is none, or uses what can't be checked here */
export function inputOf(
  inputSchema: Schema,
  classOf: (input: string) => DataClass,
): z.ZodObject<Record<string, z.ZodType>> {
  const { $defs, definitions, required } = asSchema(walked(inputSchema, 0));
  refuseCycles(inputSchema);
  const needed = new Set(Array.isArray(required) ? required.map(String) : []);
  const shared = { ...($defs ? { $defs } : {}), ...(definitions ? { definitions } : {}) };
  const fields = inputsOf(inputSchema).map(([name, schema]) => {
    const made = z.fromJSONSchema({ ...asSchema(walked(schema, 0)), ...shared } as Parameters<
      typeof z.fromJSONSchema
    >[0]);
    const field = classified(classOf(name), made);
    return [name, needed.has(name) ? field : field.optional()] as const;
  });
  return z.strictObject(Object.fromEntries(fields));
}

/** Whether it takes names that no schema gives: nobody could say where those come from. */
export function hasFreeNames(schema: unknown, depth = 0): boolean {
  if (typeof schema !== 'object' || schema === null || depth > MAX_DEPTH) return false;
  if (Array.isArray(schema)) return schema.some((one) => hasFreeNames(one, depth + 1));
  const { additionalProperties: more, patternProperties } = schema as Schema;
  if (patternProperties !== undefined || (more !== undefined && more !== false)) return true;
  return Object.values(schema).some((one) => hasFreeNames(one, depth + 1));
}

/** By keyword: a property may be called like one. */
function walked(schema: unknown, depth: number): unknown {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema;
  if (depth > MAX_DEPTH) throw new Error('its input schema is nested too deep to check');
  const found = UNFIT.find((keyword) => keyword in schema);
  if (found) throw new Error('its input schema refers to itself in a way nobody can check');
  const { type } = schema as Schema;
  if (Array.isArray(type))
    return walked(
      { ...schema, type: undefined, anyOf: type.map((one) => ({ ...schema, type: one as unknown })) },
      depth + 1,
    );
  const kept = Object.entries(schema).flatMap(([keyword, value]) => {
    const made = LEFT.has(keyword) || value === undefined ? undefined : partOf(keyword, value, depth);
    return made === undefined ? [] : [[keyword, made] as const];
  });
  return closed(Object.fromEntries(kept));
}

function partOf(keyword: string, value: unknown, depth: number): unknown {
  if (keyword === 'title' || keyword === 'description')
    return typeof value === 'string' ? plain(value, MAX_DESCRIPTION) : undefined;
  if (ONE.has(keyword) || keyword === 'additionalProperties') return walked(value, depth + 1);
  if (LIST.has(keyword) && Array.isArray(value)) return value.map((one) => walked(one, depth + 1));
  if (NAMED.has(keyword))
    return Object.fromEntries(Object.entries(asSchema(value)).map(([name, one]) => [name, walked(one, depth + 1)]));
  return value;
}

/** Guarantee 1. */
function closed(schema: Schema): Schema {
  const isText = schema['type'] === 'string' && !('enum' in schema) && !('const' in schema);
  const most = schema['maxLength'];
  const isOpen = 'properties' in schema && !('additionalProperties' in schema);
  return {
    ...schema,
    ...(isText ? { maxLength: typeof most === 'number' && most < MAX_TEXT ? most : MAX_TEXT } : {}),
    ...(isOpen ? { additionalProperties: false } : {}),
  };
}

/** Guarantee 2: a text that leads to itself is never through being looked at. */
function refuseCycles(root: Schema): void {
  const done = new Set<string>();
  const follow = (schema: unknown, under: readonly string[], depth: number): void => {
    if (typeof schema !== 'object' || schema === null) return;
    if (depth > 4 * MAX_DEPTH) throw new Error('its input schema is nested too deep to check');
    if (Array.isArray(schema)) return schema.forEach((one) => follow(one, under, depth + 1));
    const { $ref } = schema as Schema;
    if (typeof $ref === 'string') {
      if (under.includes($ref) || $ref === '#')
        throw new Error('its input schema refers to itself in a way nobody can check');
      if (!done.has($ref)) follow(pointed(root, $ref), [...under, $ref], depth + 1);
      done.add($ref);
    }
    for (const one of Object.values(schema)) follow(one, under, depth + 1);
  };
  const { $defs: _, definitions: __, ...rest } = root;
  follow(rest, [], 0);
}
