import { z } from 'zod';
import { classified } from '@countersign/contracts';
import { allow, defineRule } from '@countersign/policy-kit';
import {
  defineTool,
  defineToolContract,
  type CommitContext,
  type CommitOutcome,
  type LookupOutcome,
  type Tool,
  type ToolContext,
} from '@countersign/tool-sdk';
import { defineWorkflow, policyVersionOf, type LoadedWorkflow } from '@countersign/workflow-kit';

const text = () => classified('internal', z.string().min(1).max(40));
const money = () => classified('internal', z.string().regex(/^\d+\.\d\d$/));
export const LARGE = 100;
const permissions = { roles: ['clerk'] };
const approvals = { amount: { when: `over ${LARGE}`, roles: ['lead'], over: String(LARGE) } };
const base = { version: '1.0.0', reversible: false, target: 'bank', permissions } as const;
const input = z.strictObject({ caseId: text(), amount: money(), currency: text() });
const output = z.strictObject({ number: text() });
const preview = z.strictObject({ caseId: text(), amount: money() });
const blast = (args: Record<string, unknown>) => ({
  ...{ amount: { amount: String(args['amount']), currency: String(args['currency']) }, records: 1, affected: [] },
});
const shared = {
  ...base,
  effect: 'write',
  input,
  output,
  preview,
  blast,
  permissions: { ...permissions, approvals },
} as const;

const look = defineToolContract({
  ...{ ...base, name: 'look', description: 'Reads a case.', effect: 'read', reversible: true },
  ...{ input: z.strictObject({ caseId: text() }), output: z.strictObject({ version: text() }) },
});
/** One of each class of effects. */
const pay = defineToolContract({
  ...{ ...shared, name: 'pay', description: 'Pays, under a key.', class: 'A', keyLifetimeMs: 3_600_000 },
});
const book = defineToolContract({
  ...{ ...shared, name: 'book', description: 'Books on a version.', class: 'B', conditionalOn: ['version'] },
});
const post = defineToolContract({ ...{ ...shared, name: 'post', description: 'Posts a reference.', class: 'C' } });
const mail = defineToolContract({
  ...{ ...shared, name: 'mail', description: 'Writes a letter.', class: 'D', effect: 'egress' },
});

const json = async (context: ToolContext, method: 'GET' | 'POST', path: string, body?: object) =>
  context.target.request({ method, path, ...(body ? { body: body as never } : {}) });
const outcomeOf = (body: unknown): CommitOutcome => {
  const { number } = z.strictObject({ number: z.string() }).parse(body);
  return { result: { number }, recordsRead: [], recordsChanged: [] };
};
const versionOf = (body: unknown) => z.strictObject({ version: z.string() }).parse(body).version;
const seen = (context: ToolContext, id: string, version: string) => [
  { system: 'bank', type: 'case', id, version, at: context.now().toISOString() },
];

async function previewOf(context: ToolContext, args: Record<string, unknown>) {
  const caseId = String(args['caseId']);
  const { body } = await json(context, 'GET', `/cases/${caseId}`);
  const version = versionOf(body);
  const effect = { caseId, amount: String(args['amount']) };
  return { effect, basis: { version }, recordsRead: seen(context, caseId, version) };
}

const commit = (name: string) => async (context: CommitContext, args: Record<string, unknown>) => {
  const { body } = await json(context, 'POST', `/${name}`, {
    ...args,
    reference: context.idempotencyKey,
    ...context.basis,
  });
  return outcomeOf(body);
};

const lookup = async (context: CommitContext): Promise<LookupOutcome> => {
  const { body } = await json(context, 'GET', `/effects/${context.idempotencyKey}`);
  const found = z.strictObject({ number: z.string().nullable() }).parse(body).number;
  return found === null ? { found: 'nothing' } : { found: 'committed', outcome: outcomeOf({ number: found }) };
};

export const TOOLS: readonly Tool[] = [
  defineTool({
    contract: look,
    read: async (context, args) => {
      const { body } = await json(context, 'GET', `/cases/${String(args['caseId'])}`);
      const version = versionOf(body);
      return { result: { version }, recordsRead: seen(context, String(args['caseId']), version) };
    },
  }),
  defineTool({ contract: pay, preview: previewOf, commit: commit('pay'), lookup }),
  defineTool({ contract: book, preview: previewOf, commit: commit('book') }),
  defineTool({ contract: post, preview: previewOf, commit: commit('post'), lookup }),
  defineTool({ contract: mail, preview: previewOf, commit: commit('mail') }),
];

/** Of audit's silence. */
export const AUDIT_LIMIT_MS = 4_000;
export const DAILY = '900.00';

const workflow = defineWorkflow({
  ...{ name: 'desk', version: '1.0.0', title: 'The desk of the simulation', prompt: 'Help.' },
  model: { temperature: 0, maxTurns: 6, tokenBudget: 50_000, timeoutMs: 10_000 },
  roles: ['clerk'],
  tools: TOOLS.map(({ contract }) => contract),
  rules: [
    defineRule({ ...{ name: 'looks', title: 'Anybody may look', tools: ['look'] }, decide: () => allow('a look') }),
    defineRule({
      ...{ name: 'payments', title: 'The permission map says the rest', tools: ['pay', 'book', 'post', 'mail'] },
      decide: () => allow('as the permission map says'),
    }),
  ],
  limits: { amountPerAction: { EUR: '1000.00' }, recordsPerAction: 1 },
  budgets: [{ name: 'daily', per: 'tenant', amountPerDay: { EUR: DAILY } }],
  approval: { expiresInMs: 20_000 },
});

export const DESK: LoadedWorkflow = {
  ...{ workflow, policyVersion: policyVersionOf(workflow), fingerprint: 'desk-of-the-simulation', from: 'here' },
};
