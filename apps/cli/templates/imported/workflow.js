// @ts-check
import { importedContracts } from '@countersign/mcp-tools';
import { vouchedFor } from '@countersign/policy-kit';
import { defineWorkflow } from '@countersign/workflow-kit';
import { mayBeUsed } from './rules.js';

export const contracts = importedContracts(new URL('./tools.yaml', import.meta.url));

export default defineWorkflow({
  name: 'imported-tools',
  version: '0.1.0',
  title: 'Imported tools',
  // Who plans is an agent outside; no model is asked here.
  agent: 'outside',
  prompt: '',
  model: { temperature: 0, maxTurns: 1, tokenBudget: 1, timeoutMs: 1_000 },
  roles: ['who-may-start-it'],
  tools: contracts,
  rules: [vouchedFor({ roles: ['who-decides'] }), mayBeUsed],
  limits: { amountPerAction: {}, recordsPerAction: 1 },
  approval: { expiresInMs: 3_600_000, roles: 'token' },
});
