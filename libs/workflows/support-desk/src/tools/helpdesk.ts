import { z } from 'zod';
import {
  cut,
  type Code,
  type Json,
  type JsonObject,
  type RecordChanged,
  type RecordRead,
} from '@countersign/contracts';
import {
  ToolRefusal,
  type CommitContext,
  type CommitOutcome,
  type LookupOutcome,
  type TargetAnswer,
  type TargetRequest,
  type ToolContext,
} from '@countersign/tool-sdk';

const SYSTEM = 'helpdesk';

/** What helpdesk's refusals mean to a model or a person. What is not named here is a fault of ours or of helpdesk. */
const REFUSALS: Readonly<Record<string, Code>> = {
  NOT_FOUND: 'NOT_FOUND',
  INVALID_ARGUMENTS: 'INVALID_ARGUMENTS',
  CURRENCY_MISMATCH: 'INVALID_ARGUMENTS',
  ORDER_NOT_REFUNDABLE: 'INVALID_ARGUMENTS',
  REFUND_EXCEEDS_REMAINING: 'LIMIT_EXCEEDED',
  IDEMPOTENCY_CONFLICT: 'IDEMPOTENCY_CONFLICT',
};
const refusalBody = z.object({ code: z.string(), detail: z.string() });
const seen = z.object({ id: z.string(), version: z.int(), tenant: z.string() });
const record = z.custom<JsonObject>((value) => typeof value === 'object' && !Array.isArray(value));
const change = z.object({
  type: z.string(),
  id: z.string(),
  version: z.int(),
  before: record.nullable(),
  after: record.nullable(),
});
const changes = z.object({ changed: z.array(change) });
const list = z.object({ data: z.array(record).max(200) });
const remembered = z.object({ status: z.int(), answer: z.json() });

/** Sends one request; a definite no of helpdesk is thrown as the refusal a model can act on. */
export async function ask(context: ToolContext, request: TargetRequest): Promise<Json> {
  return accepted(await context.target.request(request));
}

function accepted({ status, body }: TargetAnswer): Json {
  if (status < 300) return body;
  const refused = refusalBody.safeParse(body);
  if (!refused.success) throw new ToolRefusal('UPSTREAM_FAILED', `helpdesk answered ${status}`);
  const code = REFUSALS[refused.data.code] ?? 'UPSTREAM_FAILED';
  throw new ToolRefusal(code, `helpdesk: ${cut(refused.data.detail, 500)}`);
}

/** A record's declared fields, and where they came from. A record of another tenant is not there. */
export function taken<T extends z.ZodObject>(
  context: ToolContext,
  type: string,
  schema: T,
  record: Json,
): { value: z.infer<T>; read: RecordRead } {
  const known = fitting(seen, record);
  if (known.tenant !== context.tenant) throw new ToolRefusal('NOT_FOUND', `helpdesk: there is no such ${type}.`);
  const at = context.now().toISOString();
  return {
    value: fitting(schema, record),
    read: { system: SYSTEM, type, id: known.id, version: String(known.version), at },
  };
}

/** The same for `{ data: [record, …] }`. */
export function takenAll<T extends z.ZodObject>(context: ToolContext, type: string, schema: T, body: Json) {
  return fitting(list, body).data.map((record) => taken(context, type, schema, record));
}

/** Reading changes nothing, so an answer of another form is simply a failure. */
export function fitting<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ToolRefusal(
    'UPSTREAM_FAILED',
    `helpdesk answered in a form we do not know: ${parsed.error.issues[0]?.path.join('.')}`,
  );
}

type Shown = Readonly<Record<string, z.ZodObject>>;

/**
 * The records a write changed, with the fields the contract shows of them. Here helpdesk has acted, so an answer we cannot
 * read is no refusal: the plain error it throws counts as not knowing.
 */
export function changed(shown: Shown, body: Json): RecordChanged[] {
  return changes.parse(body).changed.map(({ type, id, version, before, after }) => ({
    system: SYSTEM,
    type,
    id,
    version: String(version),
    before: before && pick(shown[type], before),
    after: after && pick(shown[type], after),
  }));
}

const pick = (schema: z.ZodObject | undefined, record: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(record).filter(([name]) => schema && Object.hasOwn(schema.shape, name)));

/** What a key did. helpdesk remembers effects only, so a key it does not know has done nothing. */
export async function lookedUp(context: CommitContext, done: (body: Json) => CommitOutcome): Promise<LookupOutcome> {
  const path = `/v1/idempotency/${encodeURIComponent(context.idempotencyKey)}`;
  const { status, body } = await context.target.request({ method: 'GET', path });
  if (status === 404) return { found: 'nothing' };
  const known = remembered.safeParse(body);
  if (status !== 200 || !known.success) return { found: 'unknown', detail: `helpdesk answered ${status}` };
  return { found: 'committed', outcome: done(known.data.answer as Json) };
}
