/* What audit takes of incidents, as it says itself (apps/audit/src/incidents/bodies.ts). */

const ID = { type: 'string', minLength: 1, maxLength: 200 };
export const INCIDENT = {
  type: 'object',
  additionalProperties: false,
  required: ['intentId'],
  properties: { intentId: ID, actionId: ID, note: { type: 'string', minLength: 1, maxLength: 2000 } },
};
export const CAPTURE = {
  type: 'object',
  additionalProperties: false,
  properties: {
    expect: {
      type: 'object',
      description: 'What the case expects, as cases are written; what went wrong, not again, if absent',
    },
    text: { type: 'string', description: 'The file to take down as the case; nothing is taken down without it' },
  },
};
export const CLOSURES = {
  type: 'object',
  additionalProperties: false,
  required: ['workflow', 'fingerprint', 'passed'],
  properties: {
    workflow: ID,
    fingerprint: ID,
    passed: { type: 'array', maxItems: 1000, items: { type: 'string', description: 'Id of a case: FILE#TITLE' } },
  },
};
