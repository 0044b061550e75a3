/* Two readings of one map: what the generated cases expect, and what policy's own functions say of the same calls. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { classified, type JsonObject } from '@countersign/contracts';
import { allow, defineRule, deny, escalate, pass, type Rule } from '@countersign/policy-kit';
import { judgeCall } from '@countersign/rule-cases';
import { defineToolContract, type ToolContract } from '@countersign/tool-sdk';
import { defineWorkflow, type Workflow } from '@countersign/workflow-kit';
import type { FoundCase } from '../find-cases.js';
import { boundaryCases } from './boundary-cases.js';
import type { Samples } from './samples.js';

const roles = fc.subarray(['clerk', 'boss', 'admin', 'auditor'], { minLength: 1 });
const cents = fc.integer({ min: 1, max: 20_000 }).map((n) => (n / 100).toFixed(2));
const notes = ['red', 'green', 'blue'];

const approvals = fc.record(
  {
    amount: fc.record({ when: fc.constant('over'), over: cents, roles, approvals: fc.integer({ min: 1, max: 3 }) }),
    note: fc.record({ when: fc.constant('one of'), oneOf: fc.subarray(notes, { minLength: 1 }), roles }),
    id: fc.record({ when: fc.constant('always'), always: fc.constant(true as const), roles }),
  },
  { requiredKeys: [] },
);

const map = roles.chain((callers) =>
  fc.record({ roles: fc.constant(callers), approvals, restricted: fc.subarray(callers) }),
);

const leaf = <T extends z.ZodType>(field: T) => classified('internal', field);
const tool = (name: string) =>
  fc
    .record({ effect: fc.constantFrom('read' as const, 'write' as const), permissions: map, records: fc.nat(3) })
    .map(({ effect, permissions, records }): ToolContract =>
      defineToolContract({
        ...{ name, version: '1.0.0', description: 'Does it.', effect, class: 'A', reversible: true, target: 'bank' },
        input: z.strictObject({
          id: leaf(z.string()),
          amount: leaf(z.string().regex(/^\d{1,9}\.\d\d$/)),
          currency: leaf(z.string()),
          note: leaf(z.enum(notes)),
        }),
        output: z.object({ id: leaf(z.string()) }),
        permissions,
        blast: (args) => ({
          amount: { amount: String(args['amount']), currency: String(args['currency']) },
          ...{ records, affected: [] },
        }),
      }),
    );

const TOOLS = ['pay', 'move', 'look'];
const rule = (name: string): fc.Arbitrary<Rule> =>
  fc
    .record({ tools: fc.option(fc.subarray(TOOLS, { minLength: 1 })), limit: cents, what: fc.nat(3), roles })
    .map((one) =>
      defineRule({
        ...{ name, title: name, ...(one.tools ? { tools: one.tools } : {}) },
        decide: ({ arguments: args }) => {
          if (one.what === 0) return allow('always');
          if (Number(args['amount']) <= Number(one.limit)) return one.what === 1 ? allow('small') : pass('small');
          return one.what === 2 ? deny('LIMIT_EXCEEDED', 'large') : escalate('large', one.roles);
        },
      }),
    );

const workflow: fc.Arbitrary<Workflow> = fc
  .record({
    roles,
    tools: fc.tuple(...TOOLS.map(tool)),
    rules: fc.tuple(rule('first'), rule('second')),
    limits: fc.record({
      amountPerAction: fc.record({ EUR: cents, USD: cents }, { requiredKeys: ['EUR'] }),
      recordsPerAction: fc.nat(3),
    }),
  })
  .map((one) =>
    defineWorkflow({
      ...{ name: 'desk', version: '1.0.0', title: 'Desk', prompt: 'Work.', approval: { expiresInMs: 1 } },
      model: { temperature: 0, maxTurns: 1, tokenBudget: 1, timeoutMs: 1 },
      ...one,
    }),
  );

const samplesFor = ({ tools }: Workflow): Samples => ({
  workflow: 'desk',
  tools: Object.fromEntries(
    tools.map(({ name, effect }) => [
      name,
      {
        arguments: { id: 'acc_1', amount: '{amount}', currency: '{currency}', note: 'blue' },
        ...{ amount: '10.00', currency: 'EUR', about: 'id' },
        records: [{ type: 'account', id: 'acc_1', fields: {} }],
        restricted: [{ type: 'account', id: 'acc_1', fields: { secret: true } }],
        effects: effect === 'read' ? [] : [{ kind: 'done' }],
      },
    ]),
  ),
});

const JUDGED = ['role', 'limit', 'approval', 'arguments'];

/** What the first decision of a case is expected to be: of its one call. */
function expected({ expect: { refused, decisions = [], outcomes = [] } }: FoundCase): object {
  if (refused) return { tag: 'deny', code: refused[0]!.code };
  const [first] = decisions;
  if (first?.outcome === 'escalated') return { tag: 'escalate', roles: first.roles, approvals: first.approvals };
  if (first?.outcome === 'denied') return { tag: 'deny', code: first.code };
  return { tag: outcomes.some(({ ends }) => ends === 'denied') ? 'deny' : 'approve' };
}

function judged(desk: Workflow, { steps, given }: FoundCase): object {
  const [step] = steps;
  if (!step || !('action' in step)) throw new Error('it begins with an action');
  const { by, tool: name, arguments: args } = step.action;
  const verdict = judgeCall(desk, {
    ...{ tool: name, arguments: args as JsonObject, dryRun: false, preview: undefined, provenance: {}, history: {} },
    actor: { sub: by, tenant: 'own', roles: given.people[by]!.roles ?? [] },
    now: new Date(0),
  });
  switch (verdict.tag) {
    case 'deny':
      return { tag: 'deny', code: verdict.code };
    case 'escalate':
      return { tag: 'escalate', roles: verdict.roles, approvals: verdict.approvals };
    default:
      return { tag: verdict.tag };
  }
}

describe('the second reading of a permission map', () => {
  it('expects of each generated call what policy says of it', () => {
    fc.assert(
      fc.property(workflow, (desk) => {
        const cases = boundaryCases(desk, samplesFor(desk)).filter(({ tags }) => JUDGED.includes(tags[1]!));
        for (const one of cases) expect([one.title, judged(desk, one)]).toEqual([one.title, expected(one)]);
      }),
      { numRuns: 60 },
    );
  });

  it('puts every limit of an action between two neighbouring calls, where nothing is denied before it', () => {
    fc.assert(
      fc.property(workflow, (desk) => {
        const isLimited = ({ tags, expect: { decisions } }: FoundCase) =>
          tags.includes('limit') && decisions?.[0]?.code === 'LIMIT_EXCEEDED';
        const cases = boundaryCases(desk, samplesFor(desk));
        for (const { name, permissions, blast } of desk.tools) {
          if (!permissions.roles.some((role) => desk.roles.includes(role))) continue;
          const isTooWide = blast!({ amount: '1.00', currency: 'EUR' }).records > desk.limits.recordsPerAction;
          const outside = cases.filter((one) => isLimited(one) && one.file === `boundary:${name}`);
          const currencies = Object.keys(desk.limits.amountPerAction).length;
          // Outside each currency's limit, and in a currency without one; inside too, where the records alone are too many.
          expect(outside.length).toBeGreaterThanOrEqual(currencies * (isTooWide ? 2 : 1) + 1);
        }
      }),
      { numRuns: 25 },
    );
  });
});
