import { z } from 'zod';
import { count, flag, id, name, payload, payloadObject, words } from './fields.js';

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
  request: payload,
  response: payload.nullable(),
  error: words.optional(),
  usage: z.strictObject({ prompt: count, completion: count }),
  attempts: count,
  durationMs: count,
});
