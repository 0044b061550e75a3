import { sealedToken } from '../../ui/record-name.js';

type Fields = Record<string, unknown>;
interface ObjectSchema {
  properties?: Record<string, unknown>;
  required?: string[];
}

/** What a person can change of an action: everything but its sealed values, which stay as they are. */
export function editable<S extends ObjectSchema>(
  schema: S,
  args: Fields,
): { schema: S; data: Fields; sealed: string[] } {
  const sealed = Object.keys(args).filter((name) => sealedToken(args[name]) !== undefined);
  const isOpen = ([name]: [string, unknown]) => !sealed.includes(name);
  return {
    schema: {
      ...schema,
      properties: Object.fromEntries(Object.entries(schema.properties ?? {}).filter(isOpen)),
      required: (schema.required ?? []).filter((name) => !sealed.includes(name)),
    },
    data: Object.fromEntries(Object.entries(args).filter(isOpen)),
    sealed,
  };
}

/** The whole arguments of the edit: what was typed, and the sealed values as they were. */
export const merged = (args: Fields, typed: Fields): Fields => ({
  ...Object.fromEntries(Object.entries(args).filter(([, value]) => sealedToken(value) !== undefined)),
  ...typed,
});
