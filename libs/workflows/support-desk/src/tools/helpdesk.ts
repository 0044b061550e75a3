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
  NoAnswer,
  ToolRefusal,
  type CommitContext,
  type CommitOutcome,
  type DoneOutcome,
  type LookupOutcome,
  type PreviewOutcome,
  type TargetAnswer,
  type TargetRequest,
  type ToolContext,
} from '@countersign/tool-sdk';

const SYSTEM = 'helpdesk';
const OWED_FIRST = 'Settle what is still owed to the customer first; until then do not propose it again.';

interface Meaning {
  code: Code;
  nextStep?: string;
  /** What audit alone is told. */
  auditCode?: Code;
}

/** What helpdesk's refusals mean to a model or a person. What is not named here is a fault of ours or of helpdesk. */
const REFUSALS: Readonly<Record<string, Meaning>> = {
  NOT_FOUND: { code: 'NOT_FOUND' },
  OTHER_TENANT: { code: 'NOT_FOUND', auditCode: 'TENANT_MISMATCH' },
  RECORD_RESTRICTED: { code: 'RECORD_RESTRICTED' },
  INVALID_ARGUMENTS: { code: 'INVALID_ARGUMENTS' },
  CURRENCY_MISMATCH: { code: 'INVALID_ARGUMENTS', nextStep: "Use the order's own currency." },
  ORDER_NOT_REFUNDABLE: { code: 'INVALID_ARGUMENTS', nextStep: 'Tell the user; only a paid order can be refunded.' },
  CUSTOMER_MERGED: { code: 'INVALID_ARGUMENTS', nextStep: 'Propose it for the customer that stands.' },
  CUSTOMER_HAS_OPEN_ORDERS: { code: 'INVALID_ARGUMENTS', nextStep: OWED_FIRST },
  CUSTOMER_HAS_SUBSCRIPTION: { code: 'INVALID_ARGUMENTS', nextStep: OWED_FIRST },
  OWN_ROLES: { code: 'PERMISSION_DENIED', nextStep: 'Ask another admin; nobody changes their own roles.' },
  REFUND_EXCEEDS_REMAINING: { code: 'LIMIT_EXCEEDED' },
  IDEMPOTENCY_CONFLICT: { code: 'IDEMPOTENCY_CONFLICT' },
  IDEMPOTENCY_KEY_REQUIRED: { code: 'IDEMPOTENCY_KEY_REQUIRED' },
};
const refusalBody = z.object({ code: z.string(), detail: z.string() });
const seen = z.object({ id: z.string(), version: z.int(), tenant: z.string(), restricted: z.boolean().optional() });
const record = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const change = z.object({
  type: z.string(),
  id: z.string(),
  version: z.int(),
  before: record.nullable(),
  after: record.nullable(),
});
const changes = z.object({ changed: z.array(change) });
const list = z.object({ tenant: z.string(), version: z.string(), data: z.array(record).max(200) });
const preview = z.object({
  effect: record,
  basis: record,
  read: z.array(z.object({ type: z.string(), id: z.string(), version: z.int() })),
});
const remembered = z.object({ status: z.int(), answer: z.json() });

/** Sends one request; a definite no of helpdesk is thrown as the refusal a model can act on. */
export async function ask(context: ToolContext, request: TargetRequest): Promise<Json> {
  return accepted(await sent(context, request));
}

/** Leave to touch restricted records is asked for where the permission map gives it to the actor, and nowhere else. */
function sent(context: ToolContext, request: TargetRequest): Promise<TargetAnswer> {
  const leave = context.mayTouchRestricted ? { headers: { 'countersign-restricted': 'allowed' } } : {};
  return context.target.request({ ...request, ...leave });
}

function accepted({ status, body }: TargetAnswer): Json {
  if (status < 300) return body;
  const refused = refusalBody.safeParse(body);
  if (!refused.success) throw new ToolRefusal('UPSTREAM_FAILED', `helpdesk answered ${status}`);
  const { code, nextStep, auditCode }: Meaning = REFUSALS[refused.data.code] ?? { code: 'UPSTREAM_FAILED' };
  throw new ToolRefusal(code, `helpdesk: ${cut(refused.data.detail, 500)}`, nextStep, auditCode);
}

/** A record's declared fields, and where they came from. A record of another tenant is not there, whatever helpdesk says. */
export function taken<T extends z.ZodObject>(
  context: ToolContext,
  type: string,
  schema: T,
  record: Json,
): { value: z.infer<T>; read: RecordRead } {
  const known = fitting(seen, record);
  if (known.tenant !== context.tenant) throw elsewhere(type);
  if (known.restricted && !context.mayTouchRestricted)
    throw new ToolRefusal('RECORD_RESTRICTED', 'helpdesk: This record is restricted.');
  return { value: fitting(schema, record), read: readOf(context, type, known.id, known.version) };
}

/** The records of one, as one record of its own: `subscriptions cus_001`, at a version that moves when any of them does. */
export function takenAll<T extends z.ZodObject>(context: ToolContext, type: string, id: string, schema: T, body: Json) {
  const { tenant, version, data } = fitting(list, body);
  if (tenant !== context.tenant) throw elsewhere(type);
  const values = data.map((record) => taken(context, type, schema, record).value);
  return { values, read: readOf(context, type, id, version) };
}

const elsewhere = (type: string) =>
  new ToolRefusal('NOT_FOUND', `helpdesk: there is no such ${type}.`, undefined, 'TENANT_MISMATCH');

/** What was read, and when. */
export const readOf = (context: ToolContext, type: string, id: string, version: number | string): RecordRead => ({
  system: SYSTEM,
  type,
  id,
  version: String(version),
  at: context.now().toISOString(),
});

/** Asks helpdesk what a write would change: its effect, the versions it rests on, and the records it looked at. */
export async function previewed(context: ToolContext, path: string, body: JsonObject): Promise<PreviewOutcome> {
  const { effect, basis, read } = fitting(preview, await ask(context, { method: 'POST', path, body }));
  return { effect, basis, recordsRead: read.map(({ type, id, version }) => readOf(context, type, id, version)) };
}

/** The condition of a write that rests on a preview. Without one there is none. */
export const ifVersion = (version: Json | undefined): JsonObject =>
  version === undefined ? {} : { ifVersion: version };

/** A record as helpdesk has it now, for a done-check; undefined: it is not there. */
export async function now<T extends z.ZodObject>(context: ToolContext, type: string, path: string, schema: T) {
  const answer = await sent(context, { method: 'GET', path });
  return answer.status === 404 ? undefined : taken(context, type, schema, accepted(answer));
}

/** A done-check's result, in words that say which record was looked at. */
export const holds = (doesHold: boolean, detail: string, ...recordsRead: RecordRead[]): DoneOutcome => ({
  holds: doesHold,
  detail,
  recordsRead,
});

/** Reading changes nothing, so what answered in another form is asked again. */
export function fitting<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues[0]?.path.join('.') || 'its root';
  throw new NoAnswer(`helpdesk answered in a form we do not know, at ${at}`, ANSWERED);
}

/** It is alive: that nothing can be made of what it says is no timeout. */
const ANSWERED = 200;

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
  const { status, body } = await sent(context, { method: 'GET', path });
  if (status === 404) return { found: 'nothing' };
  const known = remembered.safeParse(body);
  if (status !== 200 || !known.success) return { found: 'unknown', detail: `helpdesk answered ${status}` };
  return { found: 'committed', outcome: done(known.data.answer as Json) };
}
