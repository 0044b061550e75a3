import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Billing } from './testing/billing.spec-support.js';
import { checksOf } from './testing/checks.js';
import { Bench } from './testing/bench.js';
import type { CommitContext, Tool, ToolContract } from './index.js';
// begin: the contract
import { z } from 'zod';
import { classified } from '@countersign/contracts';
import { defineToolContract } from './index.js';

const id = classified('internal', z.string().regex(/^inv_\d{1,8}$/)).describe('Id of the invoice, such as inv_7001');
const amount = classified('internal', z.string().regex(/^\d{1,6}\.\d{2}$/)).describe(
  'A decimal string, such as "4.50"',
);
const version = classified('internal', z.int());

export const waiveFeeContract = defineToolContract({
  name: 'waive_fee',
  version: '1.0.0',
  description: 'Waives a part of the late fee of an invoice. Read the invoice first.',
  effect: 'write',
  class: 'A',
  keyLifetimeMs: 24 * 3_600_000,
  reversible: false,
  target: 'billing',
  input: z.strictObject({ invoiceId: id, amount }),
  output: z.object({ waiverId: classified('internal', z.string()) }),
  preview: z.object({ waivedBefore: amount, waived: amount }),
  records: { invoice: z.object({ id, version, fee: amount, waived: amount }) },
  permissions: {
    roles: ['clerk', 'lead'],
    approvals: { amount: { when: 'over 10.00', over: '10.00', roles: ['lead'] } },
  },
  blast: ({ invoiceId, ...fee }) => ({
    amount: { amount: String(fee['amount']), currency: 'EUR' },
    records: 1,
    affected: [String(invoiceId)],
  }),
});
// end

// begin: how it acts
import {
  defineTool,
  ToolRefusal,
  type CommitOutcome,
  type TargetAnswer,
  type TargetRequest,
  type ToolContext,
} from './index.js';

const invoiceBody = z.object({ id, version, fee: amount, waived: amount });
const waiverBody = z.object({ waiverId: z.string(), before: invoiceBody, after: invoiceBody });
const KNOWN = ['NOT_FOUND', 'IDEMPOTENCY_CONFLICT', 'IDEMPOTENCY_KEY_REQUIRED'] as const;

/** A definite no of the target, in words a model can act on. No answer and 412 are thrown before this is reached. */
async function ask(context: ToolContext, request: TargetRequest): Promise<TargetAnswer> {
  const answer = await context.target.request(request);
  if (answer.status < 300) return answer;
  const code = KNOWN.find((one) => one === (answer.body as { code?: string } | null)?.code) ?? 'UPSTREAM_FAILED';
  throw new ToolRefusal(code, `billing said no (${answer.status})`);
}

async function readInvoice(context: ToolContext, invoiceId: unknown) {
  const { body } = await ask(context, { method: 'GET', path: `/invoices/${encodeURIComponent(String(invoiceId))}` });
  const invoice = invoiceBody.parse(body);
  const at = context.now().toISOString();
  const read = { system: 'billing', type: 'invoice', id: invoice.id, version: String(invoice.version), at };
  return { invoice, recordsRead: [read] };
}

function outcomeOf({ body }: TargetAnswer): CommitOutcome {
  const { waiverId, before, after } = waiverBody.parse(body);
  const changed = { system: 'billing', type: 'invoice', id: after.id, version: String(after.version), before, after };
  return { result: { waiverId }, recordsRead: [], recordsChanged: [changed] };
}

export const waiveFee = defineTool({
  contract: waiveFeeContract,
  async preview(context, { invoiceId, amount }) {
    const { invoice, recordsRead } = await readInvoice(context, invoiceId);
    const waived = (Number(invoice.waived) + Number(amount)).toFixed(2);
    if (Number(waived) > Number(invoice.fee)) throw new ToolRefusal('LIMIT_EXCEEDED', 'that is more than the fee');
    return { effect: { waivedBefore: invoice.waived, waived }, basis: { version: invoice.version }, recordsRead };
  },
  async commit(context, { invoiceId, amount }) {
    const body = { invoiceId: String(invoiceId), amount: String(amount), ifVersion: context.basis['version'] ?? null };
    return outcomeOf(await ask(context, { method: 'POST', path: '/waivers', body }));
  },
  async lookup({ target, idempotencyKey }) {
    const answer = await target.request({ method: 'GET', path: `/waivers/${idempotencyKey}` });
    return answer.status === 404 ? { found: 'nothing' } : { found: 'committed', outcome: outcomeOf(answer) };
  },
  async done(context, { invoiceId }, { recordsChanged }) {
    const { invoice, recordsRead } = await readInvoice(context, invoiceId);
    const holds = invoice.version >= Number(recordsChanged[0]?.version);
    return { holds, detail: `${invoice.waived} of ${invoice.fee} is waived`, recordsRead };
  },
});
// end

const getInvoice = defineTool({
  contract: defineToolContract({
    ...{ name: 'get_invoice', version: '1.0.0', description: 'Reads one invoice.', effect: 'read', reversible: true },
    target: 'billing',
    input: z.strictObject({ invoiceId: id }),
    output: invoiceBody,
    permissions: { roles: ['clerk'] },
  }),
  async read(context, { invoiceId }) {
    const { invoice, recordsRead } = await readInvoice(context, invoiceId);
    return { result: invoice, recordsRead };
  },
});

const billing = new Billing();
beforeAll(() => billing.start());
afterAll(() => billing.stop());

// begin: the suite
import { httpTarget, toolContractSuite } from './testing.js';

const trial = () => ({
  tenant: 'acme',
  actor: 'ann',
  target: (key: string | undefined) => httpTarget({ url: billing.url, token: 'of acme', actor: 'ann', key }),
  arguments: () => ({ invoiceId: billing.newInvoice(), amount: '4.50' }),
  others: (args: Record<string, unknown>) => ({ ...args, amount: '5.00' }),
  state: billing.state,
});
toolContractSuite(waiveFee, trial);
// end
toolContractSuite(getInvoice, () => ({ ...trial(), arguments: () => ({ invoiceId: billing.newInvoice() }) }));

describe('the suite', () => {
  const waive = waiveFee as Required<Tool>;
  const contract = (change: Partial<ToolContract>): ToolContract => ({ ...waiveFeeContract, ...change });
  const seen = { holds: true, detail: 'as it answered', recordsRead: [] };

  it.each<[string, Partial<Tool>, Billing['forgets'], string[]]>([
    ['lets a good tool be', {}, {}, []],
    [
      'sees a target that forgets keys',
      {},
      { keys: true, versions: true },
      ['commits once', 'does nothing on versions', 'refuses a key'],
    ],
    ['sees a target that forgets versions', {}, { versions: true }, ['does nothing on versions']],
    [
      'sees an input that takes anything',
      { contract: contract({ input: z.object({ invoiceId: z.any(), amount: z.any() }) }) },
      {},
      ['refuses bad input'],
    ],
    [
      'sees a preview that acts',
      { preview: async (context, args) => (await waive.commit(keyed(context), args), waive.preview(context, args)) },
      {},
      ['previews what it declares', 'refuses to commit'],
    ],
    [
      'sees an effect no schema names',
      { contract: contract({ preview: z.object({}) }) },
      {},
      ['previews what it declares'],
    ],
    [
      'sees a look-up that always finds nothing',
      { lookup: async () => ({ found: 'nothing' }) },
      {},
      ['finds what was done'],
    ],
    ['sees a done that does not look', { done: async () => seen }, {}, ['is done after a commit']],
    [
      'sees a version the basis does not hold',
      { contract: contract({ class: 'B', conditionalOn: ['etag'] }) },
      {},
      ['does nothing on versions'],
    ],
  ])('%s', async (_, change, forgets, titles) => {
    billing.forgets = forgets;
    const found = await failing({ ...waiveFee, ...change });
    billing.forgets = {};
    expect(found).toEqual(titles.map((title) => expect.stringContaining(title)));
  });
});

const keyed = (context: ToolContext): CommitContext => ({
  ...context,
  target: trial().target(randomUUID()),
  idempotencyKey: '',
  basis: { version: 1 },
});

async function failing(tool: Tool): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, run } of checksOf(tool)) await run(new Bench(tool, trial())).catch(() => failed.push(title));
  return failed;
}

describe('the page about writing a tool', () => {
  const source = readFileSync(import.meta.filename, 'utf8');
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/writing-a-tool.md'), 'utf8');

  it.each(['the contract', 'how it acts', 'the suite'])(
    'shows %s as it stands here, by the names of the packages',
    (part) => {
      const from = source.indexOf(`// begin: ${part}`);
      const shown = source
        .slice(source.indexOf('\n', from), source.indexOf('// end', from))
        .replaceAll("'./index.js'", "'@countersign/tool-sdk'")
        .replaceAll("'./testing.js'", "'@countersign/tool-sdk/testing'");
      expect(page).toContain(`\`\`\`ts\n${shown.trim()}\n\`\`\``);
    },
  );
});
