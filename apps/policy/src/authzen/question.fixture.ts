import type { Question } from './question.js';

type Resource = Question['resource'];

/** A question, in AuthZEN's words: the name of an action, or all of it; the id of a record, or any resource. */
export const question = (
  subject: string,
  action: string | Question['action'],
  resource: string | Resource,
  properties?: Record<string, unknown>,
): Question => ({
  subject: { type: 'user', id: subject },
  action: typeof action === 'string' ? { name: action } : action,
  resource: typeof resource === 'string' ? recordOf(resource, properties) : resource,
});

const recordOf = (id: string, properties: Record<string, unknown> | undefined): Resource => ({
  ...{ type: 'record', id },
  ...(properties ? { properties } : {}),
});
