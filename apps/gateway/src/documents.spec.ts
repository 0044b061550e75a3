import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified, EVENTS, TOPICS } from '@countersign/contracts';
import { allow, defineRule } from '@countersign/policy-kit';
import { defineToolContract } from '@countersign/tool-sdk';
import { defineWorkflow } from '@countersign/workflow-kit';
import { toolView, workflowView } from './catalog.controller.js';
import { asyncApi, openApi } from './documents.js';
import { decodeCursor, encodeCursor } from './parked-cursor.js';
import { ROUTES } from './routes.js';

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

describe('the AsyncAPI document', () => {
  it('has a channel for each topic and a message for each event', () => {
    const document = asyncApi('shop');
    expect(Object.keys(document.channels).sort()).toEqual([...TOPICS].sort());
    expect(document.channels['intents']).toMatchObject({ address: 'shop.intents.v1' });
    expect(Object.keys(document.components.messages).sort()).toEqual(Object.keys(EVENTS).sort());
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
    output: z.strictObject({ total: classified('internal', z.string()) }),
    permissions: { roles: ['clerk'] },
  });
  const workflow = defineWorkflow({
    name: 'billing',
    version: '1.0.0',
    title: 'Billing',
    prompt: 'You help.',
    model: { temperature: 0, maxTurns: 4, tokenBudget: 1000, timeoutMs: 1000 },
    roles: ['clerk'],
    tools: [tool],
    rules: [defineRule({ name: 'reads', title: 'Reads are allowed', decide: () => allow('a read') })],
    limits: { amountPerAction: { EUR: '10.00' }, recordsPerAction: 1 },
    approval: { expiresInMs: 1000 },
  });

  it('shows a contract as data, for whoever calls it and whoever approves it', () => {
    expect(toolView(tool)).toEqual({
      name: 'get_invoice',
      version: '2.0.0',
      description: 'Reads one invoice.',
      effect: 'read',
      class: null,
      reversible: true,
      target: 'billing',
      permissions: { roles: ['clerk'] },
      input: {
        type: 'object',
        properties: { invoiceId: { type: 'string' } },
        required: ['invoiceId'],
        additionalProperties: false,
      },
      dataClasses: { invoiceId: 'internal' },
    });
  });

  it('shows a workflow with its rules, its versions and never its prompt', () => {
    const shown = workflowView({ workflow, policyVersion: 'p', fingerprint: 'f', from: 'x' });
    expect(shown).toMatchObject({
      name: 'billing',
      tools: ['get_invoice'],
      rules: [{ name: 'reads', title: 'Reads are allowed', tools: null }],
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
