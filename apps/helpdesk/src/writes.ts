import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
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
const orderChange = z.strictObject({
  status: z.enum(['pending', 'paid', 'shipped', 'delivered', 'cancelled']).optional(),
  total: amount.optional(),
  shipments: z.array(z.record(z.string(), z.json())).max(50).optional(),
  customerId: id.optional(),
  ifVersion,
});

/** Asked before an answer of an effect is sent; true when it took the connection down instead. */
type DropAnswer = (request: FastifyRequest, reply: FastifyReply) => boolean;
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

/** Runs one of the commands for a request and answers with what it did, unless the answer is to be lost. */
function writer(pool: Pool, dropAnswer: DropAnswer) {
  return async (request: FastifyRequest, reply: FastifyReply, command: string, own: unknown[], args: unknown[]) => {
    const outcome = await call(pool, command, [...own, ...args]);
    request.record = outcome.record ?? request.record;
    request.replayed = outcome.replayed;
    if (outcome.replayed) reply.header('idempotency-replayed', 'true');
    if (outcome.status < 300 && dropAnswer(request, reply)) return reply;
    return answer(reply, outcome);
  };
}

export function writeRoutes(app: FastifyInstance, pool: Pool, dropAnswer: DropAnswer): void {
  const write = writer(pool, dropAnswer);
  app.post('/v1/refunds/preview', async (request, reply) => {
    const { orderId, amount, currency, reason } = parse(refundPreview, request.body);
    return answer(reply, await call(pool, 'preview_refund', [request.tenant, orderId, amount, currency, reason]));
  });
  app.post('/v1/refunds', (request, reply) => {
    const body = parse(refund, request.body);
    const args = [body.orderId, body.amount, body.currency, body.reason, body.ifVersion];
    return write(request, reply, 'commit_refund', caller(request, true, body), args);
  });
  app.post('/v1/tickets', (request, reply) => {
    const body = parse(ticket, request.body);
    const args = [body.customerId, body.orderId, body.subject, body.body];
    return write(request, reply, 'create_ticket', caller(request, true, body), args);
  });
  app.patch<{ Params: { id: string } }>('/v1/orders/:id', (request, reply) => {
    const body = parse(orderChange, request.body);
    const shipments = body.shipments && JSON.stringify(body.shipments);
    const args = [request.params.id, body.status, body.total, shipments, body.customerId, body.ifVersion];
    return write(
      request as FastifyRequest,
      reply,
      'change_order',
      caller(request as FastifyRequest, false, body),
      args,
    );
  });
}

/** Tenant, key, what the key stands for, the latest moment to start, and for whom: the same five for every write. */
function caller(request: FastifyRequest, keyed: boolean, body: object): unknown[] {
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
  return [request.tenant, key ?? null, meaning, notAfter ?? null, request.headers['countersign-actor'] ?? null];
}

function parse<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; '));
}

function answer(reply: FastifyReply, { status, answer: text }: Outcome): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send(text);
}
