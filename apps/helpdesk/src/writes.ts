import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { Gathered } from './gathered.js';
import type { RecordSeen } from './reads.js';
import { invalid, Refused } from './refused.js';

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const amount = z.string().regex(/^\d{1,10}(\.\d{1,2})?$/, 'must be a decimal such as "18.00"');
const currency = z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters such as "EUR"');
const ifVersion = z.int().min(1).optional();
const refundFields = {
  orderId: id,
  amount: amount.refine((value) => Number(value) > 0, 'must be more than 0'),
  currency,
  reason: z.string().trim().min(1).max(2_000),
};
const refundPreview = z.strictObject(refundFields);
const refund = z.strictObject({ ...refundFields, ifVersion });
const ticket = z.strictObject({
  customerId: id.optional(),
  orderId: id.optional(),
  subject: z.string().trim().min(1).max(300),
  body: z.string().trim().min(1).max(20_000),
});
const reply = z.strictObject({ body: z.string().trim().min(1).max(20_000), ifVersion });
const role = z.enum(['support-agent', 'support-lead', 'sre', 'release', 'auditor', 'admin']);
const memberChange = z.strictObject({
  roles: z.array(role).max(6).optional(),
  active: z.boolean().optional(),
  ifVersion,
});
const deletion = z.strictObject({ ifVersion });
const orderChange = z.strictObject({
  status: z.enum(['pending', 'paid', 'shipped', 'delivered', 'cancelled']).optional(),
  total: amount.optional(),
  shipments: z.array(z.record(z.string(), z.json())).max(50).optional(),
  customerId: id.optional(),
  ifVersion,
});

/** A request of any route. */
export type Asked = Omit<FastifyRequest, 'params'>;
/** Asked before an answer of an effect is sent; true when it took the connection down instead. */
type DropAnswer = (request: Asked, reply: FastifyReply) => boolean;
interface Outcome {
  status: number;
  answer: string;
  replayed: boolean;
  record: string | null;
}

async function call(pool: Pool, name: string, args: unknown[]): Promise<Outcome> {
  const places = args.map((_, index) => `$${index + 1}`).join(', ');
  const text = `select status, answer::text as answer, replayed, record from ${name}(${places})`;
  return (await pool.query<Outcome>({ name, text, values: args })).rows[0]!;
}

/** What an answer shows or changed. */
const recordsIn = (text: string): RecordSeen[] => {
  const { changed, read } = JSON.parse(text) as { changed?: RecordSeen[]; read?: RecordSeen[] };
  return (changed ?? read ?? []).map(({ type, id, version }) => ({ type, id, version }));
};

/** Runs one of the commands for a request and answers with what it did, unless the answer is to be lost. */
function writer(pool: Pool, dropAnswer: DropAnswer) {
  const refunds = refundsOf(pool);
  return async (request: Asked, reply: FastifyReply, command: string, own: unknown[], args: unknown[]) => {
    const asked = [...own, ...args];
    const outcome = await (command === REFUNDS ? refunds.ask(asked) : call(pool, command, asked));
    request.record = outcome.record ?? request.record;
    request.replayed = outcome.replayed;
    if (outcome.status < 300) request.records = recordsIn(outcome.answer);
    if (outcome.replayed) reply.header('idempotency-replayed', 'true');
    if (outcome.status < 300 && dropAnswer(request, reply)) return reply;
    return answer(reply, outcome);
  };
}

/** The write that comes in thousands; the one command for many at once. */
const REFUNDS = 'commit_refunds';
const COLUMNS = 'text text text numeric text boolean text numeric text text int'.split(' ');

/** No two of one order, nor under one key: the second has to see what the first did. */
function refundsOf(pool: Pool): Gathered<unknown[], Outcome> {
  const places = COLUMNS.map((type, index) => `$${index + 1}::${type}[]`).join(', ');
  const text = `select status, answer::text as answer, replayed, record from ${REFUNDS}(${places})`;
  return new Gathered({
    most: 32,
    askAll: async (all) => {
      const values = COLUMNS.map((_, column) => all.map((asked) => asked[column] ?? null));
      return (await pool.query<Outcome>({ name: REFUNDS, text, values })).rows;
    },
    apart: ([tenant, key, , , , , order]) => [`key ${tenant}/${key}`, `order ${tenant}/${order}`],
    provesNothingDone: (error) => /^(?!08|57)[0-9A-Z]{5}$/.test(String((error as { code?: string }).code)),
  });
}

type ById = { Params: { id: string } };
type Write = ReturnType<typeof writer>;

export function writeRoutes(app: FastifyInstance, pool: Pool, dropAnswer: DropAnswer): void {
  const write = writer(pool, dropAnswer);
  refundRoutes(app, pool, write);
  ticketRoutes(app, pool, write);
  memberRoutes(app, pool, write);
  customerRoutes(app, pool, write);
  app.patch<ById>('/v1/orders/:id', (request, reply) => {
    const body = parse(orderChange, request.body);
    const shipments = body.shipments && JSON.stringify(body.shipments);
    const args = [request.params.id, body.status, body.total, shipments, body.customerId, body.ifVersion];
    return write(request, reply, 'change_order', caller(request, false, body), args);
  });
}

function refundRoutes(app: FastifyInstance, pool: Pool, write: Write): void {
  app.post('/v1/refunds/preview', (request, reply) => {
    const { orderId, amount, currency, reason } = parse(refundPreview, request.body);
    return preview(pool, request, reply, 'preview_refund', [...viewer(request), orderId, amount, currency, reason]);
  });
  app.post('/v1/refunds', (request, reply) => {
    const body = parse(refund, request.body);
    const args = [body.orderId, body.amount, body.currency, body.reason, body.ifVersion];
    return write(request, reply, REFUNDS, caller(request, true, body), args);
  });
}

function ticketRoutes(app: FastifyInstance, pool: Pool, write: Write): void {
  const argumentsOf = ({ customerId, orderId, subject, body }: z.infer<typeof ticket>) => [
    customerId,
    orderId,
    subject,
    body,
  ];
  app.post('/v1/tickets/preview', (request, reply) => {
    const args = argumentsOf(parse(ticket, request.body));
    return preview(pool, request, reply, 'preview_ticket', [...viewer(request), ...args]);
  });
  app.post('/v1/tickets', (request, reply) => {
    const body = parse(ticket, request.body);
    return write(request, reply, 'create_ticket', caller(request, true, body), argumentsOf(body));
  });
  app.post<ById>('/v1/tickets/:id/replies/preview', (request, answer) => {
    const { body } = parse(reply, request.body);
    return preview(pool, request, answer, 'preview_reply', [...viewer(request), request.params.id, body]);
  });
  app.post<ById>('/v1/tickets/:id/replies', (request, answer) => {
    const body = parse(reply, request.body);
    const args = [request.params.id, body.body, body.ifVersion];
    return write(request, answer, 'draft_reply', caller(request, true, body), args);
  });
}

function memberRoutes(app: FastifyInstance, pool: Pool, write: Write): void {
  app.post<ById>('/v1/members/:id/preview', (request, reply) => {
    const { roles, active } = parse(memberChange, request.body);
    const args = [request.tenant, actorOf(request), request.params.id, roles, active];
    return preview(pool, request, reply, 'preview_member', args);
  });
  app.patch<ById>('/v1/members/:id', (request, reply) => {
    const body = parse(memberChange, request.body);
    const args = [request.params.id, body.roles, body.active, body.ifVersion];
    return write(request, reply, 'change_member', caller(request, true, body), args);
  });
}

function customerRoutes(app: FastifyInstance, pool: Pool, write: Write): void {
  app.post<ById>('/v1/customers/:id/deletion/preview', (request, reply) =>
    preview(pool, request, reply, 'preview_deletion', [...viewer(request), request.params.id]),
  );
  app.delete<ById>('/v1/customers/:id', (request, reply) => {
    const body = parse(deletion, request.body ?? {});
    return write(request, reply, 'delete_customer', caller(request, true, body), [request.params.id, body.ifVersion]);
  });
}

async function preview(pool: Pool, request: Asked, reply: FastifyReply, command: string, args: unknown[]) {
  const outcome = await call(pool, command, args);
  if (outcome.status < 300) request.records = recordsIn(outcome.answer);
  return answer(reply, outcome);
}

/** Whose records, and whether restricted ones too: the same two for every preview. */
const viewer = ({ tenant, mayTouchRestricted }: Asked): unknown[] => [tenant, mayTouchRestricted];
const actorOf = ({ headers }: Asked): unknown => headers['countersign-actor'] ?? null;

/** Tenant, key, what the key stands for, the latest moment to start, for whom, and the leave: the same six for every write. */
function caller(request: Asked, keyed: boolean, body: object): unknown[] {
  const key = request.headers['idempotency-key'];
  if (keyed && !key) throw new Refused(400, 'IDEMPOTENCY_KEY_REQUIRED', 'Send an Idempotency-Key.');
  if (key !== undefined && !/^[\x21-\x7e]{1,255}$/.test(String(key))) {
    throw invalid('Idempotency-Key: must be 1 to 255 visible ASCII characters');
  }
  const notAfter = request.headers['countersign-not-after'];
  if (notAfter !== undefined && !/^\d{1,15}$/.test(String(notAfter))) {
    throw invalid('Countersign-Not-After: must be milliseconds since 1970');
  }
  const meaning = createHash('sha256')
    .update(`${request.method} ${request.url}\n${JSON.stringify(body)}`)
    .digest('hex');
  return [request.tenant, key ?? null, meaning, notAfter ?? null, actorOf(request), request.mayTouchRestricted];
}

function parse<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; '));
}

function answer(reply: FastifyReply, { status, answer: text }: Outcome): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send(text);
}
