/** The bodies of OpenID AuthZEN Authorization API 1.0, for the OpenAPI document. Policy parses them. */
const named = (...required: string[]) => ({
  type: 'object',
  required,
  properties: {
    ...Object.fromEntries(required.map((name) => [name, { type: 'string', minLength: 1, maxLength: 500 }])),
    properties: { type: 'object' },
  },
});
const entities = { subject: named('type', 'id'), action: named('name'), resource: named('type', 'id') };
const { required: _, ...partly } = named('type', 'id');
const { required: __, ...partlyNamed } = named('name');
const context = { type: 'object', properties: { workflow: { type: 'string' } } };

export const EVALUATION = {
  type: 'object',
  required: ['subject', 'action', 'resource'],
  properties: { ...entities, context },
};

export const EVALUATIONS = {
  type: 'object',
  properties: {
    ...{ subject: partly, action: partlyNamed, resource: partly, context },
    options: {
      type: 'object',
      properties: {
        evaluations_semantic: {
          enum: ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'],
          default: 'execute_all',
        },
      },
    },
    evaluations: { type: 'array', maxItems: 100, items: { type: 'object', properties: { ...entities, context } } },
  },
};

const text = { type: 'string' };
export const DECISION = {
  type: 'object',
  required: ['decision'],
  properties: {
    decision: { type: 'boolean' },
    context: {
      type: 'object',
      properties: {
        ...{ code: text, reason: text, nextStep: text, workflow: text, tool: text, policyVersion: text },
        rules: {
          type: 'array',
          items: {
            type: 'object',
            required: ['rule', 'outcome', 'reason'],
            properties: { rule: text, outcome: { enum: ['allow', 'deny', 'escalate', 'pass'] }, reason: text },
          },
        },
      },
    },
  },
};

export const DECISIONS = {
  oneOf: [
    {
      type: 'object',
      required: ['evaluations'],
      properties: { evaluations: { type: 'array', items: DECISION } },
    },
    DECISION,
  ],
};

const endpoint = { type: 'string', format: 'uri' };
export const CONFIGURATION = {
  type: 'object',
  required: ['policy_decision_point', 'access_evaluation_endpoint', 'access_evaluations_endpoint'],
  properties: {
    policy_decision_point: endpoint,
    access_evaluation_endpoint: endpoint,
    access_evaluations_endpoint: endpoint,
  },
};
