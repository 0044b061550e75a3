import { z } from 'zod';
import { dataClassOf, type DataClass } from '@countersign/contracts';
import { unwrap } from './classes.js';

/** Roles that may call a tool, and the parameter values that need a person's approval. Data, shown at `GET /v1/tools`. */
export interface PermissionMap {
  /** Roles of the end user, any of which may call the tool. */
  roles: readonly string[];
  /** Per parameter: which values need approval, and the roles that may give it. */
  approvals?: Readonly<Record<string, ApprovalNeed>>;
  /** Roles that may touch records marked restricted, each of which may call the tool; nobody if absent. */
  restricted?: readonly string[];
}

/** Values of one parameter that a person has to approve. `when` says it in words; policy goes by the rest. */
export interface ApprovalNeed {
  when: string;
  roles: readonly string[];
  /** Decimal string: values over it. */
  over?: string;
  /** These values, or those whose list holds one of them. */
  oneOf?: readonly string[];
  /** Every value. */
  always?: true;
  /** How many people; one if absent. */
  approvals?: number;
}

/**
 * What a retry may rely on. A: the target honours idempotency keys · B: conditional write or unique reference ·
 * C: searchable by reference · D: none, so at most once and then in doubt.
 */
export type EffectClass = 'A' | 'B' | 'C' | 'D';

/** What planner and policy know of a tool. They never load how it acts. */
export interface ToolContract {
  readonly name: string;
  readonly version: string;
  /** For the model: what it does and when to use it. */
  readonly description: string;
  /** `egress` sends data out and is decided like a write, whatever it calls itself. */
  readonly effect: 'read' | 'write' | 'egress';
  readonly class?: EffectClass;
  readonly reversible: boolean;
  /** The system it talks to; concurrency is bounded per target. */
  readonly target: string;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  /** The effect a preview shows. A field it does not name is sealed as secret. */
  readonly preview?: z.ZodObject;
  /** By record type, the fields shown of a record it changes, before and after. A field not named is sealed as secret. */
  readonly records?: Readonly<Record<string, z.ZodObject>>;
  /** How long one call may take, in ms; 5,000 if absent. */
  readonly timeoutMs?: number;
  readonly permissions: PermissionMap;
  /** What an action of these arguments could touch: money, records, who is affected. */
  readonly blast?: (args: Record<string, unknown>) => {
    amount?: { amount: string; currency: string };
    records: number;
    affected: string[];
  };
}

export interface InputProblem {
  path: string;
  message: string;
}

/**
 * Declares a tool's contract. Throws with the whole list of what is wrong: more than two optional inputs, a field
 * without a data class, no roles, a tool that changes state without its class.
 *
 * @example
 * export const getOrder = defineToolContract({
 *   name: 'get_order', version: '1.0.0', description: 'Reads one order.', effect: 'read', reversible: true, target: 'helpdesk',
 *   input: z.strictObject({ orderId: classified('internal', z.string()) }),
 *   output: z.strictObject({ total: classified('internal', z.string()) }),
 *   permissions: { roles: ['support-agent'] },
 * });
 */
export function defineToolContract<const T extends ToolContract>(contract: T): T {
  const flaws = contractFlaws(contract);
  if (flaws.length > 0) throw new Error(`tool ${contract.name} is not fit: ${flaws.join('; ')}`);
  return Object.freeze(contract);
}

export function contractFlaws(contract: ToolContract): string[] {
  const flaws: string[] = [];
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(contract.name)) flaws.push('its name must be snake_case');
  const optional = Object.entries(contract.input.shape).filter(
    ([, field]) => (field as z.ZodType).safeParse(undefined).success,
  );
  if (optional.length > 2) flaws.push(`more than two optional inputs (${optional.map(([name]) => name).join(', ')})`);
  if (contract.permissions.roles.length === 0) flaws.push('no role may call it');
  if (contract.effect !== 'read' && !contract.class) flaws.push('it changes state and names no effect class');
  for (const [side, schema] of schemasOf(contract)) {
    for (const field of unclassifiedFields(schema)) flaws.push(`${side} field ${field} has no data class`);
  }
  return flaws;
}

function schemasOf({ input, output, preview, records = {} }: ToolContract): [string, z.ZodObject][] {
  const shown = Object.entries(records).map(([type, schema]): [string, z.ZodObject] => [`record ${type}`, schema]);
  return [
    ['input', input],
    ['output', output],
    ...(preview ? [['preview', preview] as [string, z.ZodObject]] : []),
    ...shown,
  ];
}

/** Paths of the leaves that were given no class. */
export function unclassifiedFields(schema: z.ZodType, path = ''): string[] {
  if (dataClassOf(schema)) return [];
  const bare = unwrap(schema);
  if (bare instanceof z.ZodObject) {
    return Object.entries(bare.shape).flatMap(([name, field]) =>
      unclassifiedFields(field as z.ZodType, path ? `${path}.${name}` : name),
    );
  }
  if (bare instanceof z.ZodArray) return unclassifiedFields(bare.element as z.ZodType, `${path}[]`);
  return [path || '(root)'];
}

/** The data class of each top-level input, for GET /v1/tools and for sealing. */
export function fieldClasses(schema: z.ZodObject): Record<string, DataClass> {
  return Object.fromEntries(
    Object.entries(schema.shape).map(([name, field]) => [name, dataClassOf(field as z.ZodType) ?? 'secret']),
  );
}

/** The arguments if they fit, else what to correct, field by field, in words a model can act on. */
export function parseInput(
  contract: Pick<ToolContract, 'input'>,
  args: unknown,
): { ok: true; value: Record<string, unknown> } | { ok: false; problems: InputProblem[] } {
  const parsed = contract.input.safeParse(args);
  if (parsed.success) return { ok: true, value: parsed.data };
  const problems = parsed.error.issues
    .slice(0, 10)
    .map((issue) => ({ path: issue.path.join('.') || '(arguments)', message: issue.message }));
  return { ok: false, problems };
}

/** The JSON Schema a model is shown. */
export function inputJsonSchema(contract: Pick<ToolContract, 'input'>): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(contract.input, { io: 'input', target: 'draft-2020-12' });
  return schema;
}
