import { z } from 'zod';
import { EVENTS, TOPICS, type EventType, type Json } from '@countersign/contracts';
import type { Account } from './explain/account.js';
import type { FindingKind } from './verify.js';

/* What audit answers over HTTP: the gateway's documents show the same shapes. */

const text = z.string();
const maybe = text.nullable();
const index = z.int().nonnegative();
const topic = z.enum(TOPICS);
const type = z.enum(Object.keys(EVENTS) as [EventType, ...EventType[]]);
const json = z.custom<Json>((value) => value !== undefined);

/** What became of one action of a trace. */
export const actionLine = z.strictObject({
  actionId: text,
  tool: maybe,
  outcome: maybe,
  code: maybe,
  /** For auditors alone. */
  auditCode: text.optional(),
});

/** One trace in a list. */
export const traceLine = z.strictObject({
  intentId: text,
  at: text,
  tenant: text,
  actor: maybe,
  /** Who acted for the actor, the first of them first. */
  through: z.array(text),
  session: maybe,
  kind: text,
  workflow: maybe,
  text: maybe,
  /** Where one tool call was asked for, and nothing in words. */
  asked: z.strictObject({ tool: text, arguments: json }).optional(),
  state: z.enum(['open', 'ended', 'refused']),
  outcome: maybe,
  code: maybe,
  actions: z.array(actionLine),
});

/** One record as a trace shows it. */
export const recordView = z.strictObject({
  at: text,
  topic: text,
  partition: index,
  offset: text,
  key: text,
  id: maybe,
  type: maybe,
  source: maybe,
  subject: maybe,
  actor: maybe,
  session: maybe,
  causationId: maybe,
  traceId: maybe,
  actionId: maybe,
  signature: text,
  says: text.optional(),
  data: json,
});

export const traceView = traceLine.extend({
  source: text,
  requestId: text,
  /** Of OpenTelemetry, where the request came with one or a service made one. */
  traceId: maybe,
  records: z.array(recordView),
  forged: z.array(recordView.extend({ because: text })),
  duplicates: z.array(recordView),
  /** What was said of the switches and stages that were in force when its actions were decided on, or stopped one. */
  control: z.array(recordView),
  unreadable: z.array(
    z.strictObject({ at: text, topic: text, partition: index, offset: text, reason: text, detail: maybe }),
  ),
});

const standing = z.enum(['genuine', 'forged', 'duplicate', 'control', 'unreadable']);

/** One event of a trace, without what it holds. */
export const outlined = recordView
  .pick({ at: true, topic: true, id: true, type: true, source: true, actor: true })
  .extend(recordView.pick({ causationId: true, actionId: true, signature: true, says: true }).shape)
  .extend({
    /** Topic, partition and offset: what it is asked for by. */
    place: text,
    standing,
    /** Why it proves nothing, of a forged one. */
    because: text.optional(),
    tool: maybe,
    code: maybe,
    outcome: maybe,
    turn: index.optional(),
    revision: index.optional(),
    grant: text.optional(),
    /** A call of the model that came to nothing. */
    failed: z.literal(true).optional(),
  });

export const traceOutline = traceLine.extend({ traceId: maybe, events: z.array(outlined) });

/** One event whole. `flaw`: why it proves nothing or could not be read. */
export const eventDetail = recordView.extend({
  place: text,
  standing,
  headers: z.record(text, text),
  flaw: maybe,
});

/** `places`: of all events that hold what was asked for; `data`: the first of them whole. */
export const eventDetails = z.strictObject({ data: z.array(eventDetail), places: z.array(text) });

const counted = z.strictObject({ value: text, count: index });
/** Of the newest traces a search finds: how many there are of each value. */
export const traceFacets = z.strictObject({
  /** How many were counted; with `more`, there are older ones beside them. */
  traces: index,
  more: z.boolean(),
  tool: z.array(counted),
  rule: z.array(counted),
  code: z.array(counted),
  outcome: z.array(counted),
  actor: z.array(counted),
  /** In UTC, the newest first. */
  day: z.array(counted),
});

const cited = z.strictObject({ eventId: text, type, topic, partition: index, offset: text, at: text, says: text });

/** Each of the five is a text; `sentences` are what they are made of, and `account` says the same as values. */
export const explanation = z.strictObject({
  actionId: text,
  intentId: text,
  did: text,
  read: text,
  why: text,
  approvedBy: text,
  outcome: text,
  sentences: z.array(
    z.strictObject({
      part: z.enum(['did', 'read', 'why', 'approvedBy', 'outcome']),
      says: text,
      evidence: z.array(text),
    }),
  ),
  account: z.custom<Account>((value) => typeof value === 'object' && value !== null),
  evidence: z.array(cited),
  /** Who was shown sealed values of it, who handed it on, and incidents. */
  asides: z.array(cited),
  missing: z.array(z.strictObject({ oneOf: z.array(type), says: text, namedBy: text })),
});

const where = z.strictObject({ event: text, type: text, path: text });
export const revealed = z.strictObject({
  intentId: text,
  eventId: text,
  revealed: z.array(z.strictObject({ token: text, class: text.optional(), value: json, where: z.array(where) })),
  unopened: z.array(z.strictObject({ token: text, because: z.enum(['erased', 'unknown']) })),
  /** How many more there are: name paths or tokens to see those. */
  left: index,
});

export const erasure = z.strictObject({ subject: text, eventId: text, values: index, keys: index });

const by = z.strictObject({ sub: text, roles: z.array(text) });
/** That sealed values of a trace were opened for a person: which, never what they are. */
export const revealTold = z.strictObject({
  eventId: text,
  at: text,
  by,
  reason: text,
  intentId: text,
  /** Whose request the trace is of; null where its beginning is not in the store. */
  requestedBy: maybe,
  opened: z.array(z.strictObject({ token: text, event: text, path: text })),
});

/** That a data subject was erased. */
export const erasureTold = z.strictObject({
  ...{ eventId: text, at: text, by, reason: text, subject: text, keys: index, values: index },
});

/** What a check of stored records found. */
export const storeVerdict = z.strictObject({
  ok: z.boolean(),
  tenant: text,
  /** Up to where the tree is signed: records that came within the last second are not yet. */
  size: index,
  /** When the first of its records came; null while there is none. */
  since: maybe,
  checked: z.strictObject({ from: index, to: index }),
  /** Records that were taken out into files, of those checked: what these hold is checked with `audit verify FILE`. */
  archived: index,
  /** The newest checkpoint, to be kept elsewhere. */
  checkpoint: maybe,
  findings: z.array(
    z.strictObject({
      kind: z.custom<FindingKind>((value) => typeof value === 'string'),
      tenant: maybe,
      index: index.nullable(),
      line: index.nullable(),
      says: text,
    }),
  ),
  more: index,
  /** Where to go on; null at the end. */
  next: index.nullable(),
});

/** That a record stands in a tenant's tree as it was stored. */
export const proof = z.strictObject({
  tenant: text,
  index,
  size: index,
  leaf: text,
  /** The audit path in base64, from the leaf's sibling up. */
  path: z.array(text),
  /** A signed note. */
  checkpoint: text,
  /** The leaf's text (leaf.ts), as JSON. */
  record: z.record(text, z.unknown()),
});
