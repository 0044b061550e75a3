/** The part of JSON Schema that tools' parameters are made of. */
export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  pattern?: string;
  format?: string;
  description?: string;
  maxLength?: number;
  examples?: unknown[];
}

export interface Field {
  name: string;
  schema: Schema;
  required: boolean;
}

/** Of alternatives the first that isn't null: what a value is when there is one. */
export function resolved(schema: Schema): Schema {
  const options = schema.anyOf ?? schema.oneOf;
  const chosen = options?.find(({ type }) => type !== 'null');
  return chosen ? { ...resolved(chosen), description: schema.description ?? chosen.description } : schema;
}

export const typeOf = ({ type }: Schema): string =>
  Array.isArray(type) ? (type.find((one) => one !== 'null') ?? 'null') : (type ?? 'string');

export const nullable = (schema: Schema): boolean =>
  schema.type === 'null' ||
  (Array.isArray(schema.type) && schema.type.includes('null')) ||
  [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].some(nullable);

export const fieldsOf = (parameters: Schema): Field[] =>
  Object.entries(parameters.properties ?? {}).map(([name, schema]) => ({
    name,
    schema,
    required: parameters.required?.includes(name) ?? false,
  }));
