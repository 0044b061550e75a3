import { z } from 'zod';

/* What operators look at: `GET /v1/pipeline`, `GET /v1/parked` and `GET /v1/in-doubt`. */

const text = z.string();
const instant = z.iso.datetime({ offset: true });
const subscription = z.object({ name: text, joined: z.boolean(), lag: z.number(), lastFetchAgeMs: z.number() });

/** One service as its own readiness tells it; `reachable` false: nothing is known of it. */
export const serviceHealth = z.object({
  service: text,
  reachable: z.boolean(),
  ready: z.boolean(),
  because: z.array(text).optional(),
  notices: z.array(text).optional(),
  /** Records not handled yet. */
  lag: z.number().optional(),
  lastFetchAgeMs: z.number().optional(),
  subscriptions: z.array(subscription).optional(),
});
export type ServiceHealth = z.infer<typeof serviceHealth>;

/** A record that could not be handled. Its bytes stay with the service, encrypted. */
export const parkedRecord = z.object({
  /** `<service>:<id of the service>` */
  id: text,
  service: text,
  consumer: text,
  topic: text,
  partition: z.int(),
  offset: text,
  appendedAt: instant,
  reason: text,
  detail: text,
  parkedAt: instant,
  redrivenAt: instant.nullable(),
  lastError: text.nullable(),
});
export type ParkedRecord = z.infer<typeof parkedRecord>;
/** `redriven` false: it was parked again, `because` of what. */
export const redriven = z.object({ redriven: z.boolean(), because: text.optional() });

/** A commit nobody knows the outcome of, and how to find out. */
export const doubtShown = z.object({
  actionId: text,
  revision: z.int(),
  intentId: text,
  tenant: text,
  tool: text,
  jti: text,
  target: text,
  idempotencyKey: text,
  attempts: z.int(),
  effectClass: z.enum(['A', 'B', 'C', 'D']).nullable(),
  arguments: z.record(text, z.unknown()).nullable(),
  amount: z.object({ amount: text, currency: text }).nullable(),
  firstSentAt: text.nullable(),
  lastSentAt: text.nullable(),
  since: text,
  known: text,
  lookup: z.object({ asking: z.boolean(), lastAskedAt: text.nullable(), said: text.nullable() }),
  howToFindOut: text,
});
export type DoubtShown = z.infer<typeof doubtShown>;
