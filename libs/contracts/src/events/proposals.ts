import { z } from 'zod';
import { count, flag, id, name, payload, payloadObject, refusalFields, words } from './fields.js';

export const actionProposed = z.strictObject({
  intentId: id,
  actionId: id,
  turn: count,
  index: count,
  workflow: name,
  tool: name,
  arguments: payloadObject,
  dryRun: flag,
  /** The model's own id of the call; the outcome goes back to the model under it. */
  callId: id,
  rationale: words.optional(),
});

export const modelCalled = z.strictObject({
  intentId: id,
  turn: count,
  model: name,
  /** Messages, tool definitions and settings as they were sent. */
  request: payload,
  response: payload.nullable(),
  error: words.optional(),
  usage: z.strictObject({ prompt: count, completion: count }),
  attempts: count,
  durationMs: count,
  /** Each try, where there were several: the status it was answered with, or why it was not answered. */
  tries: z
    .array(z.strictObject({ status: count.optional(), error: words.optional(), durationMs: count }))
    .max(50)
    .optional(),
  /** Calls that were not proposed, and why, as the model is told. */
  refused: z
    .array(z.strictObject({ callId: id, ...refusalFields }))
    .max(100)
    .optional(),
});
