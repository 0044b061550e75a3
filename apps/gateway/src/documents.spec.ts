import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified, EVENTS, TOPICS } from '@countersign/contracts';
import type { Source } from '@countersign/context';
import { allow, defineRule } from '@countersign/policy-kit';
import { defineToolContract } from '@countersign/tool-sdk';
import { defineWorkflow } from '@countersign/workflow-kit';
import { toolViews, workflowView } from './catalog.js';
import { asyncApi, openApi } from './documents.js';
import { decodeCursor, encodeCursor } from './parked-cursor.js';
import { ROUTES } from './routes.js';

const operation = (method: string, path: string) => openApi().paths[path]![method];

describe('the OpenAPI document', () => {
  it('names each route of the table once, with its path parameters', () => {
    const { paths } = openApi();
    const named = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(named.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
    expect(paths['/v1/traces/{intentId}']!['get']).toMatchObject({
      parameters: [{ name: 'intentId', in: 'path', required: true }],
    });
    const ids = Object.values(paths).flatMap((operations) =>
      Object.values(operations).map((operation) => (operation as { operationId: string }).operationId),
    );
    expect(new Set(ids).size).toBe(ROUTES.length);
  });

  it('says what tools and workflows look like', () => {
    const items = (path: string) => openApi().paths[path]!['get'];
    const answer = (properties: object) => ({
      responses: {
        200: { content: { 'application/json': { schema: { properties: { data: { items: { properties } } } } } } },
      },
    });
    expect(items('/v1/tools')).toMatchObject(
      answer({ permissions: { required: ['roles', 'approvals', 'restricted'] }, input: { type: 'object' } }),
    );
    expect(items('/v1/workflows')).toMatchObject(
      answer({ limits: { type: 'object' }, stage: { enum: ['read-only', 'draft-only', 'scoped'] } }),
    );
  });

  it('says what audit answers with, but of the file it exports', () => {
    const answers = ROUTES.filter(({ by, path }) => by === 'audit' && path !== '/v1/audit/export').map((route) => {
      const { responses } = operation(route.method.toLowerCase(), route.path) as {
        responses: { 200: { content: { 'application/json': { schema: Record<string, unknown> } } } };
      };
      return { path: route.path, schema: responses[200].content['application/json'].schema };
    });
    expect(answers.filter(({ schema }) => !schema['properties'] && !schema['oneOf'])).toEqual([]);
    expect(answers.find(({ path }) => path === '/v1/traces/{intentId}')!.schema).toMatchObject({
      required: expect.arrayContaining(['intentId', 'records', 'forged', 'unreadable']),
      properties: { records: { items: { properties: { signature: { type: 'string' }, data: {} } } } },
    });
  });

  it("asks for what the events' own schemas ask for", () => {
    const { paths } = openApi();
    expect(paths['/v1/intents']!['post']).toMatchObject({
      requestBody: {
        content: {
          'application/json': { schema: { required: ['workflow', 'session', 'text'], additionalProperties: false } },
        },
      },
    });
  });
});

describe('what routes that change something take and give', () => {
  const body = (path: string, method = 'post') =>
    (openApi().paths[path]![method] as { requestBody: { content: { 'application/json': { schema: object } } } })
      .requestBody.content['application/json'].schema;

  it.each([
    ['/v1/control/kill/{scope}', 'put', ['killed', 'reason']],
    ['/v1/control/stage/{workflow}', 'put', ['stage', 'reason']],
    ['/v1/approvals/{id}/delegate', 'post', ['to', 'reason']],
    ['/v1/approvals/decisions', 'post', ['decision', 'reason', 'items']],
    ['/v1/in-doubt/{actionId}/resolve', 'post', ['outcome', 'reason']],
  ])('%s', (path, method, required) => expect(body(path, method)).toMatchObject({ required }));

  it('a change of a switch says whether it is in force, and how far it was heard', () => {
    expect(openApi().paths['/v1/control/kill/{scope}']!['put']).toMatchObject({
      responses: {
        200: { content: { 'application/json': { schema: { properties: { tookMs: {}, applied: {}, inDoubt: {} } } } } },
        202: { description: 'Published, and not waited for' },
      },
      'x-roles': ['sre'],
    });
  });
});

describe('who may call a route', () => {
  it('is said of each: anyone, any person, or people of some roles', () => {
    expect(operation('get', '/openapi.json')).toMatchObject({ security: [] });
    expect(operation('get', '/v1/pipeline')).toMatchObject({ 'x-roles': ['sre', 'release', 'auditor', 'admin'] });
    for (const { method, path, callers } of ROUTES.filter(({ callers }) => callers === 'person')) {
      const asked = operation(method.toLowerCase(), path);
      expect({ path, callers, asked }).toEqual({
        path,
        callers,
        asked: expect.not.objectContaining({ security: expect.anything() }),
      });
      expect(asked).not.toHaveProperty('x-roles');
    }
  });

  it("is one thing, whose answers it gives another: routes about people's things say who sees others'", () => {
    expect(operation('get', '/v1/intents/{id}')).toMatchObject({ 'x-sees': expect.arrayContaining(['auditor']) });
    expect(operation('get', '/v1/approvals/{id}')).toMatchObject({ 'x-sees': 'item' });
    expect(operation('get', '/v1/tools')).not.toHaveProperty('x-sees');
  });
});

describe('the AsyncAPI document', () => {
  it('has a channel for each topic and a message for each event', () => {
    const document = asyncApi('shop');
    expect(Object.keys(document.channels).sort()).toEqual([...TOPICS].sort());
    expect(document.channels['intents']).toMatchObject({ address: 'shop.intents.v1' });
    expect(Object.keys(document.components.messages).sort()).toEqual(Object.keys(EVENTS).sort());
    // On control a record's value stands alone: any client writes it.
    expect(document.components.messages['countersign.control.set.v1']).toMatchObject({
      payload: { oneOf: [{ required: ['killed'] }, { required: ['stage'] }, {}] },
    });
  });
});

describe('the catalog', () => {
  const tool = defineToolContract({
    name: 'get_invoice',
    version: '2.0.0',
    description: 'Reads one invoice.',
    effect: 'read',
    reversible: true,
    target: 'billing',
    input: z.strictObject({ invoiceId: classified('internal', z.string()) }),
    output: z.strictObject({ total: classified('internal', z.string()), note: classified('internal', z.string()) }),
    permissions: { roles: ['clerk'] },
  });
  const refund = defineToolContract({
    name: 'refund_invoice',
    version: '1.0.0',
    description: 'Gives money back.',
    effect: 'write',
    class: 'A',
    reversible: false,
    target: 'billing',
    input: z.strictObject({ amount: classified('internal', z.string()), iban: classified('financial', z.string()) }),
    output: z.strictObject({ refundId: classified('internal', z.string()) }),
    permissions: {
      roles: ['clerk', 'lead'],
      approvals: { amount: { when: 'over 50', over: '50.00', roles: ['lead'] } },
      restricted: ['lead'],
    },
    narrows: (before, after) => Number(after['amount']) < Number(before['amount']),
  });
  const source: Source = {
    name: 'invoice',
    tool: 'get_invoice',
    argument: 'invoiceId',
    record: 'invoice',
    fields: { total: 'system', note: 'untrusted' },
    freshForMs: 30_000,
  };
  const workflow = defineWorkflow({
    name: 'billing',
    version: '1.0.0',
    title: 'Billing',
    prompt: 'You help.',
    model: { temperature: 0, maxTurns: 4, tokenBudget: 1000, timeoutMs: 1000 },
    roles: ['clerk'],
    tools: [tool, refund],
    rules: [defineRule({ name: 'reads', title: 'Reads are allowed', decide: () => allow('a read') })],
    sources: [source],
    done: { refund_invoice: 'the invoice shows the refund' },
    limits: { amountPerAction: { EUR: '10.00' }, recordsPerAction: 1 },
    budgets: [{ name: 'a-day', per: 'user', recordsPerDay: 20, amountPerDay: { EUR: '50.00' } }],
    approval: { expiresInMs: 1000 },
  });
  const loaded = { workflow, policyVersion: 'p', fingerprint: 'f', from: 'x' };
  const [read, write] = toolViews(loaded);

  it('shows a contract as data, with the source its reads are seen through', () => {
    expect(read).toEqual({
      workflow: 'billing',
      name: 'get_invoice',
      version: '2.0.0',
      description: 'Reads one invoice.',
      effect: 'read',
      class: null,
      reversible: true,
      narrows: false,
      target: 'billing',
      permissions: { roles: ['clerk'], approvals: {}, restricted: [] },
      input: {
        type: 'object',
        properties: { invoiceId: { type: 'string' } },
        required: ['invoiceId'],
        additionalProperties: false,
      },
      dataClasses: { invoiceId: 'internal' },
      source: { ...source, steps: [] },
      done: null,
      fingerprint: 'f',
    });
  });

  it('shows of a tool that changes state who may let it, its classes, and what "done" means', () => {
    expect(write).toMatchObject({
      class: 'A',
      reversible: false,
      narrows: true,
      permissions: {
        roles: ['clerk', 'lead'],
        approvals: { amount: { when: 'over 50', over: '50.00', roles: ['lead'] } },
        restricted: ['lead'],
      },
      dataClasses: { amount: 'internal', iban: 'financial' },
      source: null,
      done: 'the invoice shows the refund',
    });
  });

  it('shows a workflow with its rules, limits, sources and versions, and never its prompt', () => {
    const shown = workflowView(loaded);
    expect(shown).toMatchObject({
      name: 'billing',
      tools: ['get_invoice', 'refund_invoice'],
      rules: [{ name: 'reads', title: 'Reads are allowed', tools: null }],
      sources: [{ name: 'invoice', fields: { total: 'system', note: 'untrusted' } }],
      done: { refund_invoice: 'the invoice shows the refund' },
      limits: { amountPerAction: { EUR: '10.00' }, recordsPerAction: 1 },
      budgets: [{ name: 'a-day', per: 'user', tools: null, recordsPerDay: 20, amountPerDay: { EUR: '50.00' } }],
      policyVersion: 'p',
      fingerprint: 'f',
    });
    expect(JSON.stringify(shown)).not.toContain('You help.');
  });
});

describe('the cursor over parked records', () => {
  it('comes back as it was made, and is refused when it was not', () => {
    const at = { service: 2, cursor: 'par_1' };
    expect(decodeCursor(encodeCursor(at))).toEqual(at);
    expect(decodeCursor(undefined)).toEqual({ service: 0, cursor: null });
    for (const made of ['x', encodeCursor({ service: -1, cursor: null })]) expect(decodeCursor(made)).toBeUndefined();
  });
});
