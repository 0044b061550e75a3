/** A JSON Schema as somebody else wrote it: nothing of its form is known. */
export type Schema = Record<string, unknown>;

export const asSchema = (value: unknown): Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {};

/** What a reference within a schema points at. */
export const pointed = (root: Schema, ref: string): unknown =>
  ref
    .replace(/^#\/?/, '')
    .split('/')
    .reduce<unknown>((at, name) => asSchema(at)[name.replaceAll('~1', '/').replaceAll('~0', '~')], root);

/** The inputs of a tool, by name. A schema that is no object of named properties has none. */
export function inputsOf(inputSchema: Record<string, unknown>): [string, Record<string, unknown>][] {
  const properties = inputSchema['properties'];
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties).map(([name, schema]) => [
    name,
    typeof schema === 'object' && schema !== null ? (schema as Record<string, unknown>) : {},
  ]);
}
