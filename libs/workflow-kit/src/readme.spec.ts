import { evaluate } from '@countersign/policy-kit';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
// begin: a tool and a rule
import { z } from 'zod';
import { classified } from '@countersign/contracts';
import { defineTool, defineToolContract } from '@countersign/tool-sdk';
import { allow, defineRule, escalate } from '@countersign/policy-kit';

const text = classified('internal', z.string());
const waiveFee = defineToolContract({
  name: 'waive_fee', version: '1.0.0', description: 'Waives a fee on an invoice.', target: 'billing',
  effect: 'write', class: 'A', keyLifetimeMs: 86_400_000, reversible: true, permissions: { roles: ['clerk'] },
  input: z.strictObject({ invoiceId: text, amount: text }), output: z.object({ waiverId: text }),
});
const done = (answer: { body: unknown }) => ({ result: z.object({ waiverId: z.string() }).parse(answer.body), recordsRead: [], recordsChanged: [] });
export const tool = defineTool({
  contract: waiveFee,
  preview: async (_context, args) => ({ effect: { waives: String(args['amount']) }, basis: {}, recordsRead: [] }),
  commit: async ({ target }, args) => done(await target.request({ method: 'POST', path: '/waivers', body: { invoiceId: String(args['invoiceId']), amount: String(args['amount']) } })),
  lookup: async ({ target, idempotencyKey }) => {
    const answer = await target.request({ method: 'GET', path: `/waivers/${idempotencyKey}` });
    return answer.status === 404 ? { found: 'nothing' } : { found: 'committed', outcome: done(answer) };
  },
});
export const smallWaiver = defineRule({
  name: 'small-waiver', title: 'Waivers up to 20 are approved by rule', tools: ['waive_fee'],
  decide: ({ arguments: { amount } }) => (Number(amount) <= 20 ? allow('at most 20') : escalate('over 20', ['lead'])),
});
// end

const source = readFileSync(import.meta.filename, 'utf8');
const shown = source.slice(source.indexOf('// begin'), source.indexOf('// end')).split('\n').slice(1, -1).join('\n');

const target = { request: () => Promise.resolve({ status: 201, body: { waiverId: 'wv_1' } }) };
const context = { tenant: 'acme', actor: 'ann', target, signal: AbortSignal.timeout(1000), mayTouchRestricted: false, now: () => new Date(0), idempotencyKey: 'key_1', basis: {} };

describe('the tool and the rule of the README', () => {
  it('stand there as they stand here, in at most 25 lines', () => {
    const readme = readFileSync(path.resolve(import.meta.dirname, '../../../README.md'), 'utf8');
    expect(readme).toContain(shown.trim());
    expect(shown.trim().split('\n').length).toBeLessThanOrEqual(25);
  });

  it('are fit: the rule judges and the tool commits what its target answers', async () => {
    const facts = {
      workflow: 'billing-desk',
      tool: { name: 'waive_fee', effect: 'write' as const },
      actor: { sub: 'ann', tenant: 'acme', roles: ['clerk'] },
      dryRun: false, preview: undefined, provenance: {}, history: {}, now: new Date(0),
    };
    const verdict = (amount: string) => evaluate([smallWaiver], { ...facts, arguments: { invoiceId: 'inv_1', amount } }).tag;
    expect([verdict('20'), verdict('21')]).toEqual(['approve', 'escalate']);
    await expect(tool.commit?.(context, { invoiceId: 'inv_1', amount: '20' })).resolves.toMatchObject({ result: { waiverId: 'wv_1' } });
  });

  it('find by the key what was done, and nothing that was not', async () => {
    const lookup = (status: number) => {
      const target = { request: () => Promise.resolve({ status, body: { waiverId: 'wv_1' } }) };
      return tool.lookup?.({ ...context, target }, { invoiceId: 'inv_1', amount: '20' });
    };
    await expect(lookup(200)).resolves.toMatchObject({ found: 'committed', outcome: { result: { waiverId: 'wv_1' } } });
    await expect(lookup(404)).resolves.toEqual({ found: 'nothing' });
  });
});
