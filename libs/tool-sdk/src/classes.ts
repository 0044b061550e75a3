import { z } from 'zod';
import { dataClassOf, type DataClass, type Json, type Sealed } from '@countersign/contracts';

export type HiddenClass = Extract<DataClass, 'personal' | 'financial' | 'secret'>;
/** Gives the form under which a value may leave the executor. */
export type Seal = (value: Json, dataClass: HiddenClass) => Sealed;

/**
 * A value with every field of class `personal` and up replaced by its sealed form, as its schema says. What no schema
 * speaks of, or has no class, counts as `secret`. `null` hides nothing and stays.
 *
 * @example
 * sealFields(z.strictObject({ name: classified('personal', z.string()) }), { name: 'Dana' }, seal); // { name: { $sealed: … } }
 */
export function sealFields(schema: z.ZodType | undefined, value: Json, seal: Seal): Json {
  return sealBy(schema ? planOf(schema) : SECRET, value, seal);
}

/** What a schema says of its values' classes, worked out once. */
type Plan =
  | { tag: 'show' }
  | { tag: 'hide'; dataClass: HiddenClass }
  | { tag: 'object'; fields: ReadonlyMap<string, Plan> }
  | { tag: 'array'; element: Plan };

const SECRET: Plan = { tag: 'hide', dataClass: 'secret' };
const plans = new WeakMap<z.ZodType, Plan>();

function planOf(schema: z.ZodType): Plan {
  let plan = plans.get(schema);
  if (!plan) plans.set(schema, (plan = planned(schema)));
  return plan;
}

function planned(schema: z.ZodType): Plan {
  const dataClass = dataClassOf(schema);
  if (dataClass === 'public' || dataClass === 'internal') return { tag: 'show' };
  if (dataClass) return { tag: 'hide', dataClass };
  const bare = unwrap(schema);
  if (bare instanceof z.ZodObject) {
    const shape: Record<string, z.ZodType> = bare.shape;
    return { tag: 'object', fields: new Map(Object.entries(shape).map(([name, field]) => [name, planOf(field)])) };
  }
  return bare instanceof z.ZodArray ? { tag: 'array', element: planOf(bare.element as z.ZodType) } : SECRET;
}

function sealBy(plan: Plan, value: Json, seal: Seal): Json {
  if (value === null) return null;
  if (plan.tag === 'show') return holdsSealed(value) ? seal(value, 'secret') : value;
  if (plan.tag === 'hide') return seal(value, plan.dataClass);
  if (plan.tag === 'array' && Array.isArray(value)) return value.map((element) => sealBy(plan.element, element, seal));
  if (plan.tag !== 'object' || !isObject(value)) return seal(value, 'secret');
  const { fields } = plan;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, sealBy(fields.get(name) ?? SECRET, field, seal)]),
  );
}

/** Nobody but the seal makes sealed values: one that comes from a target would pass for a value this session has read. */
function holdsSealed(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsSealed);
  return '$sealed' in value || Object.values(value).some(holdsSealed);
}

const isObject = (value: Json): value is { [key: string]: Json } => typeof value === 'object' && !Array.isArray(value);

/** A schema without its wrappers: optional, nullable, default. */
export function unwrap(schema: z.ZodType): z.ZodType {
  const inner = (schema as { _zod: { def: { innerType?: z.ZodType } } })._zod.def.innerType;
  return inner ? unwrap(inner) : schema;
}
