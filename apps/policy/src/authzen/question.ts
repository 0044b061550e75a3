import { z } from 'zod';

/*
 * What may be asked, as OpenID AuthZEN Authorization API 1.0 has it. Fields it does not name are ignored, as it demands; those it names
 * have to be what it says.
 */

const name = z.string().min(1).max(500);
const properties = z.record(z.string(), z.unknown()).optional();
const subject = z.object({ type: name, id: name, properties });
const action = z.object({ name, properties });
const resource = z.object({ type: name, id: name, properties });
const context = z.record(z.string(), z.unknown()).optional();

export const questionSchema = z.object({ subject, action, resource, context });
export type Question = z.infer<typeof questionSchema>;

export const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const;
export type Semantic = (typeof SEMANTICS)[number];
export const MAX_EVALUATIONS = 100;

const batchSchema = z.object({
  subject: subject.partial().optional(),
  action: action.partial().optional(),
  resource: resource.partial().optional(),
  context,
  options: z.object({ evaluations_semantic: z.enum(SEMANTICS).default('execute_all') }).optional(),
  evaluations: z.array(z.unknown()).max(MAX_EVALUATIONS).optional(),
});

/** A question, or what is wrong with it. */
export type Read<T> = { ok: true; value: T } | { ok: false; because: string };

const readBy = <T extends z.ZodType>(schema: T, given: unknown): Read<z.infer<T>> => {
  const parsed = schema.safeParse(given);
  if (parsed.success) return { ok: true, value: parsed.data };
  const said = parsed.error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.') || '(body)'}: ${message}`);
  return { ok: false, because: said.join('; ') };
};

export const readQuestion = (body: unknown): Read<Question> => readBy(questionSchema, body);

export interface Batch {
  semantic: Semantic;
  /** In the order they were asked; each by itself may be none. */
  questions: Read<Question>[];
}

/** Several questions with what they have in common said once; one question alone where there is no list, or an empty one. */
export function readBatch(body: unknown): Read<Batch | Question> {
  const batch = readBy(batchSchema, body);
  if (!batch.ok) return batch;
  const { evaluations = [], options, ...defaults } = batch.value;
  if (evaluations.length === 0) return readQuestion(body);
  const semantic = options?.evaluations_semantic ?? 'execute_all';
  return { ok: true, value: { semantic, questions: evaluations.map((one) => readQuestion(merged(defaults, one))) } };
}

type Defaults = Pick<z.infer<typeof batchSchema>, 'subject' | 'action' | 'resource' | 'context'>;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What an evaluation says of an entity takes the place of the default whole, but for what has to be said and it does not say. */
function merged(defaults: Defaults, one: unknown): unknown {
  if (!isObject(one)) return one;
  const entity = (of: 'subject' | 'action' | 'resource') => {
    if (!Object.hasOwn(one, of)) return defaults[of];
    const own = one[of];
    if (!isObject(own)) return own;
    const { properties: _, ...named } = defaults[of] ?? {};
    return { ...named, ...own };
  };
  return {
    ...{ subject: entity('subject'), action: entity('action'), resource: entity('resource') },
    context: Object.hasOwn(one, 'context') ? one['context'] : defaults.context,
  };
}
