import { z } from 'zod';
import {
  accessReview,
  APPROVAL_STATES,
  approvalItem,
  approvalView,
  batchResults,
  doubtShown,
  parkedRecord,
  redriven,
  serviceHealth,
  CODE_NAMES,
  EVENTS,
  eventTypesOn,
  INCIDENT_STATES,
  incidentCaseSchema,
  incidentSchema,
  killValue,
  metricsSeries,
  metricsSummary,
  releaseValue,
  stageValue,
  TOPICS,
  topicName,
  type EventType,
} from '@countersign/contracts';
import { runReportSchema } from '@countersign/evals';
import {
  erasure,
  erasureTold,
  eventDetails,
  explanation,
  proof,
  revealed,
  revealTold,
  storeVerdict,
  traceFacets,
  traceLine,
  traceOutline,
  traceSchema,
} from '@countersign/evidence';
import { CONFIGURATION, DECISION as ACCESS_DECISION, DECISIONS, EVALUATION, EVALUATIONS } from './authzen/bodies.js';
import { toolSchema, workflowSchema } from './catalog.js';
import { killBody, stageBody } from './control-requests.js';
import { changedSchema, controlSchema } from './control-shown.js';
import { draftSchema } from './draft-list.js';
import { CAPTURE, CLOSURES, INCIDENT } from './incident-bodies.js';
import { runSchema } from './releases.js';
import { runDetailSchema } from './run-shown.js';
import { ROUTES, type Route } from './routes.js';
import { sessionAnswer, signedOut } from './session/answers.js';

const VERSION = '0.1.0';
/** What carries its own schema elsewhere (a tool's arguments) is any JSON here. */
const schemaOf = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _, ...plain } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  return plain;
};

const RESOLVE = '/v1/in-doubt/{actionId}/resolve';
const REQUESTS: Record<string, EventType> = {
  '/v1/intents': 'countersign.intent.requested.v1',
  '/v1/actions': 'countersign.action.requested.v1',
};
const DECISION = {
  type: 'object',
  required: ['decision', 'actionHash', 'reason'],
  properties: {
    decision: { enum: ['approve', 'reject', 'edit'] },
    actionHash: { type: 'string' },
    reason: { type: 'string' },
    arguments: { type: 'object' },
  },
};
const CLAIM = {
  type: 'object',
  additionalProperties: false,
  properties: {
    leaseSeconds: { type: 'integer', minimum: 30, maximum: 3600, default: 600 },
    release: { const: true },
  },
};
const DELEGATION = {
  type: 'object',
  additionalProperties: false,
  required: ['to', 'reason'],
  properties: {
    to: { type: 'string' },
    reason: { type: 'string' },
    leaseSeconds: { type: 'integer', minimum: 30, maximum: 3600, default: 600 },
  },
};
const BATCH = {
  type: 'object',
  additionalProperties: false,
  required: ['decision', 'reason', 'items'],
  properties: {
    decision: { enum: ['approve', 'reject'] },
    reason: { type: 'string' },
    items: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: {
        type: 'object',
        required: ['approvalId', 'actionHash'],
        properties: { approvalId: { type: 'string' }, actionHash: { type: 'string' } },
      },
    },
  },
};
const VERDICT = {
  type: 'object',
  additionalProperties: false,
  required: ['outcome', 'reason'],
  properties: { outcome: { enum: ['committed', 'failed'] }, reason: { type: 'string', minLength: 1, maxLength: 2000 } },
};
const REASON = { type: 'string', minLength: 10, maxLength: 500 };
const REVEAL = {
  type: 'object',
  additionalProperties: false,
  required: ['reason'],
  properties: {
    reason: REASON,
    paths: { type: 'array', minItems: 1, maxItems: 100, items: { type: 'string', maxLength: 500 } },
    tokens: { type: 'array', minItems: 1, maxItems: 100, items: { type: 'string', pattern: '^tok_[0-9a-f]{32}$' } },
  },
};
const ERASURE = {
  type: 'object',
  additionalProperties: false,
  required: ['reason'],
  properties: { reason: REASON },
};
/** What a route takes, beside those that publish an event as it is. */
const BODIES: Record<string, object> = {
  '/v1/approvals/{id}/decisions': DECISION,
  '/v1/approvals/{id}/claim': CLAIM,
  '/v1/approvals/{id}/delegate': DELEGATION,
  '/v1/approvals/decisions': BATCH,
  [RESOLVE]: VERDICT,
  '/v1/traces/{id}/reveals': REVEAL,
  '/v1/subjects/{id}': ERASURE,
  '/v1/incidents': INCIDENT,
  '/v1/incidents/{id}/capture': CAPTURE,
  '/v1/incidents/closures': CLOSURES,
  '/v1/evals/runs': schemaOf(runReportSchema, 'input'),
  '/v1/control/kill/{scope}': schemaOf(killBody, 'input'),
  '/v1/control/stage/{workflow}': schemaOf(stageBody, 'input'),
  '/access/v1/evaluation': EVALUATION,
  '/access/v1/evaluations': EVALUATIONS,
};
const ACCEPTED = {
  type: 'object',
  required: ['intentId', 'session'],
  properties: { intentId: { type: 'string' }, actionId: { type: 'string' }, session: { type: 'string' } },
};
const listOf = (schema: object) => ({
  type: 'object',
  required: ['data', 'nextCursor'],
  properties: { data: { type: 'array', items: schema }, nextCursor: { type: ['string', 'null'] } },
});
/** Services whose share of the list could not be had. */
const withUnreachable = ({ properties, ...list }: ReturnType<typeof listOf>) => ({
  ...list,
  properties: { ...properties, unreachable: { type: 'array', items: { type: 'string' } } },
});
/** What a path answers with, or a method of it; a route that is not here has its answers described in words alone. */
const ANSWERS: Record<string, object> = {
  '/v1/pipeline': listOf(schemaOf(serviceHealth, 'output')),
  '/v1/parked': withUnreachable(listOf(schemaOf(parkedRecord, 'output'))),
  '/v1/parked/{id}': schemaOf(parkedRecord, 'output'),
  '/v1/parked/{id}/redrive': schemaOf(redriven, 'output'),
  '/v1/in-doubt': listOf(schemaOf(doubtShown, 'output')),
  'GET /v1/approvals': listOf(schemaOf(approvalView, 'output')),
  'GET /v1/approvals/{id}': schemaOf(approvalView, 'output'),
  '/v1/approvals/{id}/decisions': schemaOf(approvalItem, 'output'),
  '/v1/approvals/{id}/claim': schemaOf(approvalItem, 'output'),
  '/v1/approvals/{id}/delegate': schemaOf(approvalItem, 'output'),
  '/v1/approvals/decisions': schemaOf(batchResults, 'output'),
  '/v1/tools': listOf(schemaOf(toolSchema, 'output')),
  '/v1/workflows': listOf(schemaOf(workflowSchema, 'output')),
  '/v1/evals/runs': listOf(schemaOf(runSchema, 'output')),
  '/v1/evals/runs/{id}': schemaOf(runDetailSchema, 'output'),
  '/v1/drafts': listOf(schemaOf(draftSchema, 'output')),
  [RESOLVE]: {
    type: 'object',
    required: ['actionId', 'state', 'verdict', 'nextStep'],
    properties: {
      actionId: { type: 'string' },
      state: { enum: ['said', 'resolved'] },
      verdict: { type: 'object', required: ['by', 'outcome', 'reason', 'at'] },
      nextStep: { type: 'string' },
    },
  },
  '/v1/traces': listOf(schemaOf(traceLine, 'output')),
  '/v1/traces/facets': schemaOf(traceFacets, 'output'),
  '/v1/traces/{intentId}': schemaOf(traceSchema, 'output'),
  '/v1/traces/{intentId}/outline': schemaOf(traceOutline, 'output'),
  '/v1/traces/{intentId}/events': schemaOf(eventDetails, 'output'),
  '/v1/actions/{id}/explanation': schemaOf(explanation, 'output'),
  '/v1/traces/{id}/reveals': schemaOf(revealed, 'output'),
  '/v1/reveals': listOf(schemaOf(revealTold, 'output')),
  '/v1/erasures': listOf(schemaOf(erasureTold, 'output')),
  '/v1/subjects/{id}': schemaOf(erasure, 'output'),
  '/v1/audit/verify': schemaOf(storeVerdict, 'output'),
  '/v1/audit/proofs/{eventId}': schemaOf(proof, 'output'),
  '/v1/metrics/summary': schemaOf(metricsSummary, 'output'),
  '/v1/metrics/series': schemaOf(metricsSeries, 'output'),
  '/v1/access-review': schemaOf(accessReview, 'output'),
  'GET /v1/incidents': listOf(schemaOf(incidentSchema, 'output')),
  '/v1/incidents/{id}': schemaOf(incidentSchema, 'output'),
  'POST /v1/incidents': schemaOf(incidentSchema, 'output'),
  '/v1/incidents/{id}/capture': {
    oneOf: [schemaOf(incidentCaseSchema, 'output'), schemaOf(incidentSchema, 'output')],
  },
  '/v1/incidents/closures': {
    type: 'object',
    required: ['closed'],
    properties: { closed: { type: 'array', items: schemaOf(incidentSchema, 'output') } },
  },
  '/access/v1/evaluation': ACCESS_DECISION,
  '/access/v1/evaluations': DECISIONS,
  '/.well-known/authzen-configuration': CONFIGURATION,
  '/v1/control': schemaOf(controlSchema, 'output'),
  '/auth/session': schemaOf(sessionAnswer, 'output'),
  '/auth/logout': schemaOf(signedOut, 'output'),
  '/v1/control/kill/{scope}': schemaOf(changedSchema, 'output'),
  '/v1/control/stage/{workflow}': schemaOf(changedSchema, 'output'),
};
const PAGE = { description: 'The page', content: { 'text/html': { schema: { type: 'string' } } } };
const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'nextStep'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { enum: [...CODE_NAMES] },
    detail: { type: 'string' },
    nextStep: { type: 'string' },
  },
};

const parameter = (name: string, where: 'path' | 'query' | 'header', required: boolean, schema: object) => ({
  name,
  in: where,
  required,
  schema,
});

const INSTANT = { type: 'string', format: 'date-time' };
const TEXT = { type: 'string', maxLength: 200 };
const TRACE_SEARCH = {
  ...{ tenant: TEXT, actor: TEXT, tool: TEXT, rule: TEXT, code: TEXT, outcome: TEXT },
  ...{ subject: TEXT, record: TEXT, traceId: TEXT, text: TEXT, from: INSTANT, to: INSTANT },
};
/** Parameters that are one route's own. */
const QUERIES: Record<string, Record<string, object>> = {
  '/v1/traces': TRACE_SEARCH,
  '/v1/traces/facets': TRACE_SEARCH,
  '/v1/traces/{intentId}/events': {
    place: { type: 'string', description: 'topic.partition.offset' },
    text: TEXT,
    limit: { type: 'integer', minimum: 0, maximum: 50, default: 20 },
  },
  '/v1/approvals': {
    status: { enum: APPROVAL_STATES },
    decidedBy: { const: 'me' },
    sort: { enum: ['newest', 'oldest'] },
  },
  '/v1/metrics/summary': { from: INSTANT, to: INSTANT },
  '/v1/metrics/series': {
    from: INSTANT,
    to: INSTANT,
    buckets: { type: 'integer', minimum: 1, maximum: 200, default: 48 },
  },
  '/v1/audit/verify': {
    from: { type: 'integer', minimum: 0, default: 0, description: 'the first index to look at' },
    limit: { type: 'integer', minimum: 1, maximum: 50_000, default: 20_000 },
  },
  '/v1/audit/export': { from: INSTANT, to: INSTANT },
  '/v1/access-review': { format: { enum: ['json', 'csv'], default: 'json' } },
  '/auth/login': { returnTo: { type: 'string', description: 'a path of this origin' } },
  '/v1/incidents': { state: { enum: INCIDENT_STATES }, overdue: { type: 'boolean' } },
  '/v1/evals/runs': { workflow: { type: 'string' } },
  '/v1/evals/runs/{id}': { baseline: { type: 'string', description: 'id of another run of the workflow' } },
};
const LISTS = [
  '/v1/approvals',
  '/v1/drafts',
  '/v1/traces',
  '/v1/reveals',
  '/v1/erasures',
  '/v1/parked',
  '/v1/in-doubt',
  '/v1/incidents',
  '/v1/evals/runs',
];

function parametersOf({ method, path }: Route) {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => parameter(name!, 'path', true, { type: 'string' }));
  if (path in REQUESTS)
    return [...inPath, parameter('Idempotency-Key', 'header', true, { type: 'string', minLength: 1, maxLength: 200 })];
  if (path === '/v1/intents/{id}' || path === '/v1/actions/{id}') {
    return [...inPath, parameter('wait', 'query', false, { type: 'number', minimum: 0 })];
  }
  if (method !== 'GET') return inPath;
  const own = Object.entries(QUERIES[path] ?? {}).map(([name, schema]) => parameter(name, 'query', false, schema));
  if (!LISTS.includes(path)) return [...inPath, ...own];
  return [
    ...own,
    parameter('limit', 'query', false, { type: 'integer', minimum: 1, maximum: 200 }),
    parameter('cursor', 'query', false, { type: 'string' }),
  ];
}

function bodyOf({ method, path }: Route) {
  if (method === 'GET') return {};
  const type = REQUESTS[path];
  const schema = type ? schemaOf(EVENTS[type].data, 'input') : BODIES[path];
  return schema ? { requestBody: { required: true, content: { 'application/json': { schema } } } } : {};
}

/** `x-roles`: any of which a caller needs, none if it is not there. `x-sees`: who sees others' of their tenant, beside one's own. */
const accessOf = ({ callers, sees, browser }: Route) => ({
  ...(browser ? { 'x-browser': true } : {}),
  ...(callers === 'anyone' ? { security: [] } : callers === 'person' ? {} : { 'x-roles': callers }),
  ...(sees ? { 'x-sees': sees } : {}),
});

function answersOf({ path, method, summary, browser }: Route) {
  const answer = (description: string, schema: object) => ({
    description,
    content: { 'application/json': { schema } },
  });
  if (browser && !(path in ANSWERS)) return path === '/' ? { 200: PAGE } : { 302: { description: summary } };
  if (path === '/v1/stream')
    return { 200: { description: summary, content: { 'text/event-stream': { schema: { type: 'string' } } } } };
  if (path in REQUESTS) return { 202: answer('Published', ACCEPTED) };
  if (path === RESOLVE) return { 202: answer('Taken down; policy has to take it', ANSWERS[path]!) };
  const schema = ANSWERS[`${method} ${path}`] ?? ANSWERS[path] ?? {};
  const done = { 200: answer(summary, schema) };
  if (method === 'POST' && path === '/v1/incidents')
    return { 201: answer('Opened', schema), 200: answer('Open already', schema) };
  return method === 'PUT' ? { ...done, 202: answer('Published, and not waited for', ANSWERS[path]!) } : done;
}

function operationOf(route: Route) {
  const problems = {
    default: {
      description: 'Problem details (RFC 9457)',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  };
  return {
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[^A-Za-z0-9]+(\w)?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? '')}`,
    parameters: parametersOf(route),
    ...bodyOf(route),
    responses: { ...answersOf(route), ...problems },
    ...accessOf(route),
  };
}

/** The HTTP surface as OpenAPI 3.1, from the table of routes and the events' own schemas. */
export function openApi() {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of ROUTES) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: { title: 'Countersign', version: VERSION, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Problem: PROBLEM },
    },
  };
}

/** A control record is its value alone; its key says of what. */
const ON_THE_WIRE: Partial<Record<EventType, object>> = {
  'countersign.control.set.v1': {
    payload: { oneOf: [killValue, stageValue, releaseValue].map((schema) => schemaOf(schema, 'input')) },
    bindings: {
      kafka: {
        key: {
          type: 'string',
          description:
            'kill/*, kill/tenant/<id>, kill/workflow/<name>, kill/tool/<name>, stage/workflow/<name>[/tenant/<id>] or release/workflow/<name>',
        },
      },
    },
  },
};

/** The topics as AsyncAPI 3, from the catalog of events. */
export function asyncApi(prefix: string) {
  const channels = TOPICS.map((topic) => {
    const messages = Object.fromEntries(
      eventTypesOn(topic).map((type) => [type, { $ref: `#/components/messages/${type}` }]),
    );
    return [topic, { address: topicName(topic, prefix), messages }];
  });
  const messages = (Object.keys(EVENTS) as EventType[]).map((type) => [
    type,
    {
      name: type,
      contentType: 'application/json',
      payload: schemaOf(EVENTS[type].data, 'input'),
      ...(ON_THE_WIRE[type] ?? {}),
    },
  ]);
  const operations = TOPICS.map((topic) => [
    `receive-${topic}`,
    { action: 'receive', channel: { $ref: `#/channels/${topic}` } },
  ]);
  return {
    asyncapi: '3.0.0',
    info: { title: 'Countersign', version: VERSION, description: 'CloudEvents 1.0 over the Kafka protocol binding' },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(channels) as Record<string, unknown>,
    operations: Object.fromEntries(operations) as Record<string, unknown>,
    components: { messages: Object.fromEntries(messages) as Record<string, unknown> },
  };
}
