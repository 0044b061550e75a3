import { z } from 'zod';
import { classified, type EventData, type JsonObject } from '@countersign/contracts';
import { allow, defineRule, pass, type Rule } from '@countersign/policy-kit';
import { defineToolContract } from '@countersign/tool-sdk';
import { defineWorkflow, type Workflow } from '@countersign/workflow-kit';
import type { StoredRecord } from './decisions.js';

const internal = classified('internal', z.string());
const pay = defineToolContract({
  name: 'pay',
  version: '1.0.0',
  description: 'Pays an amount.',
  effect: 'write',
  class: 'A',
  reversible: false,
  target: 'bank',
  input: z.strictObject({ amount: internal, currency: internal }),
  output: z.object({ id: internal }),
  permissions: { roles: ['clerk'], approvals: { amount: { when: 'over 50.00', over: '50.00', roles: ['boss'] } } },
  blast: ({ amount, currency }) => ({
    amount: { amount: String(amount), currency: String(currency) },
    records: 1,
    affected: [],
  }),
});

/** A rule that pays up to so much. */
export const upTo = (most: number): Rule =>
  defineRule({
    name: 'pays',
    title: 'Pays',
    decide: ({ arguments: { amount } }) =>
      Number(amount) <= most ? allow(`at most ${most}`) : pass(`more than ${most}`),
  });

export const deskWith = (...rules: Rule[]): Workflow =>
  defineWorkflow({
    name: 'pay-desk',
    version: '1.0.0',
    title: 'Pay desk',
    prompt: 'Pay.',
    model: { temperature: 0, maxTurns: 1, tokenBudget: 1, timeoutMs: 1 },
    roles: ['clerk'],
    tools: [pay],
    rules,
    limits: { amountPerAction: { EUR: '1000.00', USD: '1000.00' }, recordsPerAction: 1 },
    approval: { expiresInMs: 1 },
  });

const AT = '2026-03-01T10:00:00.000Z';
const facts: JsonObject = { provenance: {}, stage: 'scoped', switches: [], history: {}, now: AT };
const decided = {
  ...{
    intentId: 'int_1',
    actionId: 'act_1',
    revision: 0,
    tenant: 'acme',
    workflow: 'pay-desk',
    workflowVersion: '1.0.0',
  },
  ...{ actor: { sub: 'alice', tenant: 'acme', roles: ['clerk'] }, session: 's', tool: 'pay', toolVersion: '1.0.0' },
  ...{ policyVersion: 'pol_1', decidedAt: AT, arguments: { amount: '18.00', currency: 'EUR' }, facts },
  rules: [{ rule: 'pays', outcome: 'allow' as const, reason: 'at most 100' }],
};
export const EFFECT = { effect: { left: '1.00' }, basis: {}, digest: 'd' };

type Of<T extends 'approved' | 'denied' | 'escalated'> = Partial<EventData<`countersign.action.${T}.v1`>>;
const record = (type: string, data: unknown): StoredRecord => ({ at: AT, type: `countersign.action.${type}.v1`, data });

/** Records of a trace as audit gives them. */
export const approved = (more: Of<'approved'> = {}): StoredRecord =>
  record('approved', {
    ...decided,
    ...{ grant: 'commit', dryRun: false, idempotencyKey: 'k', approvers: [], epoch: 0, fingerprint: 'f' },
    ...{ jti: 'j', nbf: 0, exp: 1 },
    ...more,
  });
export const denied = (more: Of<'denied'> = {}): StoredRecord =>
  record('denied', { ...decided, code: 'PERMISSION_DENIED', detail: 'no', nextStep: 'Stop.', final: true, ...more });
export const escalated = (more: Of<'escalated'> = {}): StoredRecord =>
  record('escalated', {
    ...decided,
    rules: [...decided.rules, { rule: 'permission-map', outcome: 'escalate', reason: 'amount: over 50.00' }],
    arguments: { amount: '60.00', currency: 'EUR' },
    ...{ provenance: {}, preview: EFFECT, approverRoles: ['boss'], approvalsNeeded: 1, actionHash: 'h', expiresAt: AT },
    blast: { records: 1, reversible: false, affected: [] },
    ...more,
  });
export const previewed = (): StoredRecord => record('previewed', { actionId: 'act_1', preview: EFFECT });
export const proposed = (dryRun: boolean): StoredRecord => record('proposed', { actionId: 'act_1', dryRun });
export const factsOf = (more: JsonObject): JsonObject => ({ ...facts, ...more });
