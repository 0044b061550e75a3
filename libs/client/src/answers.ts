import {
  ACTION_OUTCOMES,
  approvalView,
  type ApprovalView,
  type Json,
  type JsonObject,
  type Preview,
  type RecordChanged,
  type RecordRead,
} from '@countersign/contracts';
import { z } from 'zod';
import type { AnyCode } from './errors.js';

/* What the gateway answers. Members that this version does not know are dropped, so that an older client reads a newer system. */

const text = z.string();
const code = z.custom<AnyCode>((value) => typeof value === 'string');
const json = z.custom<Json>((value) => value !== undefined);
const list = <T>() => z.custom<T[]>((value) => Array.isArray(value));
const object = <T>() => z.custom<T>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const why = { code: code.optional(), detail: text.optional(), nextStep: text.optional(), retryAt: text.optional() };
const found = z.enum(['committed', 'failed']);

export const accepted = z.object({ intentId: text, actionId: text.optional(), session: text });

export const actionState = z.object({
  ...why,
  actionId: text,
  intentId: text,
  state: z.enum(['requested', 'executing', 'waiting', 'in-doubt', 'ended', 'refused']),
  tool: text.optional(),
  outcome: z.enum([...ACTION_OUTCOMES, 'answered']).optional(),
  approvalId: text.optional(),
  arguments: object<JsonObject>().optional(),
  preview: object<Preview>().optional(),
  result: json.optional(),
  recordsRead: list<RecordRead>().optional(),
  recordsChanged: list<RecordChanged>().optional(),
  verdict: z.object({ by: text, outcome: found, reason: text.optional() }).optional(),
  resolved: z.object({ outcome: found, by: z.enum(['lookup', 'person']) }).optional(),
  reply: text.optional(),
});

export const intentState = z.object({
  ...why,
  intentId: text,
  state: z.enum(['requested', 'accepted', 'waiting', 'ended', 'refused']),
  workflow: text.optional(),
  session: text.optional(),
  kind: z.enum(['intent', 'action']).optional(),
  outcome: z.enum(['answered', 'failed']).optional(),
  reply: text.optional(),
  actions: z.array(actionState).default([]),
});

export { approvalView as approvalState };

/**
 * One action as it stands. `state`:
 * - `requested`: taken, policy has not judged it yet; `executing`: policy granted something, its result is not there yet;
 * - `waiting`: a person decides; `approvalId` names the item of the queue, `preview` what would change, `nextStep` what to do;
 * - `in-doubt`: it was sent and nobody knows yet whether it was done: never repeat it;
 * - `ended`: for good, with `outcome` (`read` `previewed` `drafted` `committed` `denied` `failed` `blocked` `resolved`) and, of a no, `code`, `detail`, `nextStep`;
 * - `refused`: the request itself was not accepted, with `code`, `detail`, `nextStep`.
 */
export type ActionState = z.infer<typeof actionState>;
/** One intent as it stands: `state` as of its actions, `reply` (what the user is to read) once it has ended. */
export type IntentState = z.infer<typeof intentState>;
/** An item of the queue: its `status` (`open` … `expired`); whoever may decide it sees the whole item. */
export type ApprovalState = ApprovalView;

/** What was taken: keep `intentId` and `actionId`, any process can ask for the outcome by them. */
export interface Sent {
  intentId: string;
  session: string;
  /** Sent again with this key, it is the same request. */
  idempotencyKey: string;
  /** The system knew this key: nothing new was started. */
  replayed: boolean;
}

/** Nothing will change any more. */
export const isEnded = ({ state }: Pick<ActionState | IntentState, 'state'>): boolean =>
  state === 'ended' || state === 'refused';

/** It goes on only when a person has decided. */
export const needsPerson = ({ state }: Pick<ActionState | IntentState, 'state'>): boolean =>
  state === 'waiting' || state === 'in-doubt';
