import { z } from 'zod';
import { flag, id, name, payloadObject, words } from './fields.js';

export const session = id.max(200);
const subject = z.strictObject({ type: name, id });

export const intentRequested = z.strictObject({
  workflow: name,
  session,
  text: words.min(1),
  subject: subject.optional(),
});

/** An agent of the user's own asks for one tool call; the same rules apply, no model is asked. */
export const actionRequested = z.strictObject({
  workflow: name,
  session,
  tool: name,
  arguments: payloadObject,
  dry_run: flag.optional(),
  rationale: words.optional(),
});

export const requestedSubject = subject;
