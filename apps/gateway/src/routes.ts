import { OPERATORS } from '@countersign/host';

/** Who answers a route of the public surface. */
export type AnsweredBy = 'gateway' | 'policy' | 'approval' | 'audit' | 'executor';
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Route {
  method: Method;
  /** With `{name}` for what varies. */
  path: string;
  by: AnsweredBy;
  summary: string;
  callers: Callers;
  /** Where an answer is about somebody's things: whose, beside one's own. Nobody ever sees another tenant's. */
  sees?: Sees;
  /** For a browser's own visits: it answers pages, redirects and cookies. */
  browser?: true;
}

/** Who may call it: anyone at all, any person of a tenant, or those of them with one of these roles. */
export type Callers = 'anyone' | 'person' | readonly string[];
/** People of these roles see everybody's of their tenant. `item`: those whom the item itself names as its approvers. */
export type Sees = readonly string[] | 'item';

/** Who sees intents and actions of others of their tenant. */
export const OVERSEERS = ['support-lead', 'auditor', 'sre', 'admin', 'release'] as const;
const TRACE_READERS = ['auditor', 'sre', 'admin', 'support-lead'] as const;
/** Who lets go on what was stopped; who says how far a workflow may go. Policy judges both again. */
export const REARMERS = ['sre'] as const;
export const STAGERS = ['sre', 'release'] as const;
/** Who sees switches and stages of other tenants, what was refused and what is in doubt. */
export const CONTROL_OVERSEERS = STAGERS;
/** Who reviews who may approve what, and whether the record is whole. */
export const REVIEWERS = ['auditor', 'admin'] as const;
/** Who opens sealed values; who destroys a data subject's keys. */
export const REVEALERS = ['auditor'] as const;
export const ERASERS = ['admin'] as const;
/** Who handles what went wrong; who says that a release passed its cases. */
const INCIDENT_HANDLERS = ['sre', 'release', 'auditor', 'admin', 'support-lead'] as const;
export const RELEASERS = ['release'] as const;
const SETTLERS = ['support-lead', 'sre', 'auditor', 'admin'] as const;

const route = (
  method: Method,
  path: string,
  by: AnsweredBy,
  summary: string,
  { callers = 'person', ...more }: { callers?: Callers; sees?: Sees; browser?: true } = {},
): Route => ({ method, path, by, summary, callers, ...more });
const ANYONE = { callers: 'anyone' } as const;
const BROWSER = { callers: 'anyone', browser: true } as const;
const OPERATED = { callers: OPERATORS } as const;

/** The whole public surface over HTTP: what is not here does not exist. */
export const ROUTES: readonly Route[] = [
  route('POST', '/v1/intents', 'gateway', 'Publish an intent'),
  route('POST', '/v1/actions', 'gateway', 'Ask for one tool call'),
  route('GET', '/v1/intents/{id}', 'gateway', 'State, outcome and reply of an intent', { sees: OVERSEERS }),
  route('GET', '/v1/actions/{id}', 'gateway', 'State and outcome of an action', { sees: OVERSEERS }),
  route('GET', '/v1/approvals', 'approval', 'The queue of what waits for a person', { sees: 'item' }),
  route('GET', '/v1/approvals/{id}', 'approval', 'One item, as the person who decides it sees it', { sees: 'item' }),
  route('POST', '/v1/approvals/{id}/decisions', 'approval', 'Approve, reject or edit', { sees: 'item' }),
  route('POST', '/v1/approvals/{id}/claim', 'approval', 'Claim an item, extend the claim or let it go', {
    sees: 'item',
  }),
  route('POST', '/v1/approvals/{id}/delegate', 'approval', 'Hand an item to somebody else', { sees: 'item' }),
  route('POST', '/v1/approvals/decisions', 'approval', 'Decide several items of one tool and one rule', {
    sees: 'item',
  }),
  route('GET', '/v1/drafts', 'gateway', 'Drafts, with what they would change', { sees: OVERSEERS }),
  route('GET', '/v1/in-doubt', 'executor', 'Commits nobody knows the outcome of', {
    callers: SETTLERS,
    sees: SETTLERS,
  }),
  route('POST', '/v1/in-doubt/{actionId}/resolve', 'approval', "A person's verdict on an in-doubt commit", {
    sees: 'item',
  }),
  route('GET', '/v1/traces', 'audit', 'Search traces', { sees: TRACE_READERS }),
  route('GET', '/v1/traces/facets', 'audit', 'What there is among the traces a search finds, with counts', {
    sees: TRACE_READERS,
  }),
  route('GET', '/v1/traces/{intentId}/outline', 'audit', 'One trace without what its events hold', {
    sees: TRACE_READERS,
  }),
  route(
    'GET',
    '/v1/traces/{intentId}/events',
    'audit',
    'Events of a trace whole, with headers: all, the one at a place, or those that hold a text',
    { sees: TRACE_READERS },
  ),
  route('GET', '/v1/traces/{intentId}', 'audit', 'One trace, whole', { sees: TRACE_READERS }),
  route('GET', '/v1/actions/{id}/explanation', 'audit', 'What it did, what it read, why, and who approved', {
    sees: TRACE_READERS,
  }),
  route('POST', '/v1/traces/{id}/reveals', 'audit', 'Open sealed fields, with a reason', {
    callers: REVEALERS,
    sees: REVEALERS,
  }),
  route('GET', '/v1/reveals', 'audit', 'Who was shown sealed values of what and why, the newest first', {
    callers: REVIEWERS,
  }),
  route('GET', '/v1/erasures', 'audit', 'Data subjects that were erased, by whom and why, the newest first', {
    callers: REVIEWERS,
  }),
  route('DELETE', '/v1/subjects/{id}', 'audit', 'Erase a data subject', { callers: ERASERS }),
  route('GET', '/v1/audit/verify', 'audit', 'Check that nothing was altered', { callers: REVIEWERS }),
  route('GET', '/v1/audit/proofs/{eventId}', 'audit', 'Inclusion proof of one event', {
    callers: REVIEWERS,
    sees: REVIEWERS,
  }),
  route('GET', '/v1/audit/export', 'audit', 'All records as NDJSON', { callers: REVIEWERS }),
  route('GET', '/v1/control', 'gateway', 'Switches and stages, with who, when, why and how far they are applied'),
  route('PUT', '/v1/control/kill/{scope}', 'gateway', 'Trip or re-arm a kill switch; answers once it is in force', {
    callers: REARMERS,
  }),
  route('PUT', '/v1/control/stage/{workflow}', 'gateway', 'Set a stage; answers once it is in force', {
    callers: STAGERS,
  }),
  route('GET', '/v1/tools', 'gateway', 'Tools: contract, permission map, class'),
  route('GET', '/v1/workflows', 'gateway', 'Workflows: tools, rules, limits, fingerprint, policy version'),
  route('GET', '/v1/parked', 'gateway', 'Records that could not be handled', OPERATED),
  route('GET', '/v1/parked/{id}', 'gateway', 'One parked record', OPERATED),
  route('POST', '/v1/parked/{id}/redrive', 'gateway', 'Try a parked record again', OPERATED),
  route('GET', '/v1/pipeline', 'gateway', 'Lag and progress of each service', OPERATED),
  route('GET', '/v1/metrics/summary', 'audit', "Figures of the tenant's actions in a range of time", {
    callers: OVERSEERS,
  }),
  route('GET', '/v1/metrics/series', 'audit', 'The same figures over time, in up to 200 stretches of a range', {
    callers: OVERSEERS,
  }),
  route('GET', '/v1/access-review', 'gateway', 'Who may approve which tool, and who did; JSON or CSV', {
    callers: REVIEWERS,
  }),
  route(
    'GET',
    '/v1/stream',
    'gateway',
    'Server-sent events: that something changed; `Last-Event-ID` goes on from there',
  ),
  route('GET', '/v1/incidents', 'audit', 'Incidents with their clock, the newest first', {
    callers: INCIDENT_HANDLERS,
  }),
  route('POST', '/v1/incidents', 'audit', 'Open an incident on an intent or one of its actions', {
    callers: INCIDENT_HANDLERS,
  }),
  route(
    'POST',
    '/v1/incidents/{id}/capture',
    'audit',
    'The case an incident becomes, or take down the file it became',
    {
      callers: INCIDENT_HANDLERS,
      sees: INCIDENT_HANDLERS,
    },
  ),
  route('POST', '/v1/incidents/closures', 'audit', 'Close incidents whose cases passed in the run of a release', {
    callers: RELEASERS,
  }),
  route('GET', '/v1/incidents/{id}', 'audit', 'One incident with its clock', {
    callers: INCIDENT_HANDLERS,
    sees: INCIDENT_HANDLERS,
  }),
  route('GET', '/v1/evals/runs', 'gateway', 'What was released, and the runs of the evals it was released on'),
  route('POST', '/v1/evals/runs', 'gateway', 'Tell a run of the evals, case by case', { callers: RELEASERS }),
  route('GET', '/v1/evals/runs/{id}', 'gateway', 'One run with its cases, beside another if one is named', {
    callers: OVERSEERS,
    sees: OVERSEERS,
  }),
  route('POST', '/access/v1/evaluation', 'policy', 'OpenID AuthZEN: whether somebody may do something now'),
  route('POST', '/access/v1/evaluations', 'policy', 'OpenID AuthZEN: several questions at once'),
  route('GET', '/.well-known/authzen-configuration', 'gateway', 'OpenID AuthZEN: where it is answered', ANYONE),
  route('POST', '/mcp', 'gateway', 'Model Context Protocol, streamable HTTP; `?workflow=` whose tools'),
  route('GET', '/mcp', 'gateway', 'Model Context Protocol: 405, nothing is sent unasked'),
  route('DELETE', '/mcp', 'gateway', 'Model Context Protocol: 405, a session needs no end'),
  route('GET', '/.well-known/oauth-protected-resource', 'gateway', 'Who gives tokens for /mcp (RFC 9728)', ANYONE),
  route('GET', '/.well-known/oauth-protected-resource/mcp', 'gateway', 'The same, where its path leads', ANYONE),
  route('GET', '/', 'gateway', 'The console: its page, at this and its other addresses', BROWSER),
  route('GET', '/auth/login', 'gateway', 'Go to the identity provider, and come back to `returnTo`', BROWSER),
  route('GET', '/auth/callback', 'gateway', 'Come back from the identity provider', BROWSER),
  route('GET', '/auth/session', 'gateway', 'Who is signed in, by the cookie', BROWSER),
  route('POST', '/auth/logout', 'gateway', 'Sign out', BROWSER),
  route('GET', '/openapi.json', 'gateway', 'This surface as OpenAPI 3.1', ANYONE),
  route('GET', '/asyncapi.json', 'gateway', 'The topics as AsyncAPI 3', ANYONE),
  route('GET', '/healthz', 'gateway', 'Alive', ANYONE),
  route('GET', '/readyz', 'gateway', 'Making progress', ANYONE),
  route('GET', '/metrics', 'gateway', 'Prometheus metrics', ANYONE),
];

/** The path as the router spells it: `/v1/intents/:id`. */
export const routerPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ':$1');
