import { z } from 'zod';
import type { Json } from './canonical.js';

/**
 * How sensitive a field is. `personal` and up travel sealed. A field without a class counts as `secret`.
 * Amounts, currencies, counts and dates are `internal`.
 */
export const DATA_CLASSES = ['public', 'internal', 'personal', 'financial', 'secret'] as const;
export type DataClass = (typeof DATA_CLASSES)[number];

const classes = z.registry<{ class: DataClass }>();

/** Gives a schema its data class: `classified('personal', z.email())`. */
export function classified<T extends z.ZodType>(dataClass: DataClass, schema: T): T {
  const own = schema.clone() as T;
  classes.add(own, { class: dataClass });
  return own;
}

/** The class a schema was given, or undefined. Wrappers (optional, nullable, default) pass their inner class on. */
export function dataClassOf(schema: z.ZodType): DataClass | undefined {
  const found = classes.get(schema)?.class;
  if (found) return found;
  const inner = (schema as { _zod?: { def?: { innerType?: z.ZodType } } })._zod?.def?.innerType;
  return inner ? dataClassOf(inner) : undefined;
}

/**
 * The form a `personal`, `financial` or `secret` value has in topics, prompts, traces and logs: a token (the same value of
 * a tenant, the same token) beside the value encrypted under a key per tenant and data subject.
 */
export const sealedSchema = z.strictObject({
  $sealed: z.strictObject({
    token: z.string().regex(/^tok_[A-Za-z0-9_-]{8,64}$/),
    class: z.enum(['personal', 'financial', 'secret']),
    box: z.string().max(16_384).optional(),
  }),
});
export type Sealed = z.infer<typeof sealedSchema>;

export const isSealed = (value: unknown): value is Sealed =>
  typeof value === 'object' && value !== null && '$sealed' in value && sealedSchema.safeParse(value).success;

/** A value whose sealed fields keep token and class alone. Digests and prompts are made of this: ciphertext says nothing. */
export function withoutBoxes<T extends Json>(value: T): T;
export function withoutBoxes(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((member) => withoutBoxes(member));
  if (isSealed(value)) return { $sealed: { token: value.$sealed.token, class: value.$sealed.class } };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutBoxes(member as Json)]));
}
