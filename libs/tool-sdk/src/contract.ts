import { z } from 'zod';
import { dataClassOf, type DataClass } from '@countersign/contracts';
import { contractFlaws } from './contract-flaws.js';

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

/**
 * What an input decides over. `recipient`: who gets it · `destination`: where it goes, a URL, a path, an account · `amount`: how much ·
 * `target`: which record is changed.
 */
export const DECIDES_OVER = ['recipient', 'destination', 'amount', 'target'] as const;
export type DecidesOver = (typeof DECIDES_OVER)[number];

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
  /**
   * Of class B: the versions in its preview's basis on which its write is conditional. That the target keeps the condition
   * no start-up check can see: `toolContractSuite` shows it on the real target.
   */
  readonly conditionalOn?: readonly string[];
  /**
   * For how long the target remembers an idempotency key, in ms; class A has to say. Towards its end nothing is sent again, and that the
   * target does not know the key proves nothing any more.
   */
  readonly keyLifetimeMs?: number;
  /** The system it talks to; concurrency is bounded per target. */
  readonly target: string;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  /** The effect a preview shows. A field it does not name is sealed as secret. */
  readonly preview?: z.ZodObject;
  /** By record type, the fields shown of a record it changes, before and after. A field not named is sealed as secret. */
  readonly records?: Readonly<Record<string, z.ZodObject>>;
  /**
   * The field of results, effects and changed records that holds the id of whom their personal values are about, such as
   * `customerId`: what is sealed for that id is unreadable once it is erased. The record's own id where there is no such field.
   */
  readonly subject?: string;
  /** How long one call may take, in ms; 5,000 if absent. */
  readonly timeoutMs?: number;
  readonly permissions: PermissionMap;
  /** Inputs that decide where money, data or rights go, by name: what a stranger wrote, or a model made up, never fills them by itself. */
  readonly decides?: Readonly<Record<string, DecidesOver>>;
  /** Inputs in which names may stand that no schema gives: nobody can say where those come from. */
  readonly freeNames?: readonly string[];
  /** Whose words its answers hold where no source of the workflow says so. Nobody knows if absent. */
  readonly trust?: 'system' | 'user' | 'untrusted';
  /** Declared by a server of somebody else: it has as many optional inputs as it likes, and its map may let nobody call it yet. */
  readonly imported?: true;
  /**
   * Whether an edit only takes away from what was asked for (a lower amount, fewer records): then who made it may approve it too.
   * Absent: no edit does, and another person approves each.
   */
  readonly narrows?: (before: Record<string, unknown>, after: Record<string, unknown>) => boolean;
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
 * Declares a tool's contract. Throws with the whole list of what is wrong: more than two optional inputs, an input that lets
 * undeclared fields pass, a field without a data class, no permission map or one that names what is not there, a tool that
 * changes state without its class.
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
  const parsed = withTokens(contract.input, args).safeParse(args);
  if (parsed.success) return { ok: true, value: parsed.data };
  const problems = parsed.error.issues
    .slice(0, 10)
    .map((issue) => ({ path: issue.path.join('.') || '(arguments)', message: issue.message }));
  return { ok: false, problems };
}

/** A token in the place of a personal, financial or secret text is looked at as what it stands for, where that is known. */
function withTokens(input: z.ZodObject, args: unknown): z.ZodObject {
  if (typeof args !== 'object' || args === null) return input;
  const tokens = Object.entries(args).filter(
    ([name, value]) => typeof value === 'string' && TOKEN.test(value) && Object.hasOwn(input.shape, name),
  );
  const hidden = tokens.filter(([name]) => isHidden(input.shape[name] as z.ZodType));
  if (hidden.length === 0) return input;
  const stands = Object.fromEntries(hidden.map(([name, value]) => [name, z.literal(value as string)]));
  return new z.ZodObject({ ...input.def, shape: { ...input.shape, ...stands } });
}

const TOKEN = /^tok_[0-9a-f]{32}$/;
const isHidden = (field: z.ZodType): boolean => !['public', 'internal'].includes(dataClassOf(field) ?? 'secret');

/** The JSON Schema a model is shown. */
export function inputJsonSchema(contract: Pick<ToolContract, 'input'>): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(contract.input, { io: 'input', target: 'draft-2020-12' });
  return schema;
}
