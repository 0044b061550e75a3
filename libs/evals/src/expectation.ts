/* What is expected of a case, word by word. What each means is written in judge-case.ts. */
import { z } from 'zod';
import { amount, code, jsonObject, tenant, tool, word } from './case-words.js';

/** How an action can end, or wait. */
export const ENDS = [
  'read',
  'previewed',
  'drafted',
  'committed',
  'failed',
  'blocked',
  'denied',
  'in-doubt',
  'resolved',
  'waiting',
] as const;
export const DECISION_OUTCOMES = ['approved', 'denied', 'escalated'] as const;

const proposal = z.strictObject({
  tool,
  arguments: jsonObject.optional().describe('A subset: those named here; any others may stand beside them'),
  dryRun: z.boolean().optional().describe('Whether a preview is all that was asked for'),
});
const decided = z
  .strictObject({
    tool,
    outcome: z.enum(DECISION_OUTCOMES).describe('What policy said of it; escalated: a person decides'),
    code: code.optional().describe('Of a denial'),
    rule: word.optional().describe('One of the rules that said so'),
    roles: z.array(word).min(1).optional().describe('Of an escalation: who may decide, in any order'),
    approvals: z.int().positive().optional().describe('Of an escalation: how many of them'),
  })
  .refine(({ outcome, code }) => code === undefined || outcome === 'denied', 'a code belongs to a denial')
  .refine(
    ({ outcome, roles, approvals }) => outcome === 'escalated' || (roles === undefined && approvals === undefined),
    'roles and approvals belong to an escalation',
  );
const outcome = z.strictObject({
  tool,
  ends: z.enum(ENDS).describe('How the action ended; waiting: it has not, and a person decides'),
  code: code.optional().describe('Of what failed, was blocked or denied, or is in doubt'),
  done: z.boolean().optional().describe('Whether the system of record showed afterwards that it was done'),
});
const effect = z.strictObject({
  kind: word.describe('As the ledger of the system of record says'),
  record: word.optional().describe('Id of the record it was on; any if absent'),
  amount: amount.optional(),
  currency: word.optional().describe('Such as EUR'),
  tenant: tenant.default('own'),
});

const regex = z
  .string()
  .min(1)
  .max(1_000)
  .refine(isRegex, 'not a regular expression')
  .describe('A regular expression; upper and lower case are one');
const recordName = z
  .string()
  .regex(/^[^/\s]+\/\S+$/, 'TYPE/ID, such as order/ord_1001')
  .describe('TYPE/ID');

export const expectation = z
  .strictObject({
    proposals: z.array(proposal).optional().describe('What the model asked for: all of it, in order of time'),
    decisions: z.array(decided).optional().describe('All that policy decided of actions, in any order'),
    outcomes: z.array(outcome).optional().describe('How each action ended, in any order'),
    effects: z
      .array(effect)
      .optional()
      .describe("All that changed in the system of record, in the case's tenants, in any order; [] for nothing"),
    refused: z
      .array(z.strictObject({ code: code.describe('Why') }))
      .optional()
      .describe('All intents that were never accepted'),
    refusedCalls: z
      .array(z.strictObject({ code: code.describe('Why') }))
      .optional()
      .describe('All calls of the model that were never proposed: it is told why'),
    reads: z.array(recordName).optional().describe('Records that were given out, at least these'),
    notRead: z.array(recordName).optional().describe('Records that were not given out, of any tenant'),
    reply: z
      .strictObject({
        says: regex.optional().describe('One of the replies says this'),
        not: regex.optional().describe('None of them says this'),
        flagged: z.boolean().optional().describe('Whether the words of one were replaced by the outcomes'),
        code: code.optional().describe('One of them could not be given, with this code'),
      })
      .optional()
      .describe('What the user was told'),
  })
  .refine(
    ({ proposals, decisions, outcomes, effects, refused, refusedCalls }) =>
      [proposals, decisions, outcomes, effects, refused, refusedCalls].some((each) => each !== undefined),
    'expect proposals, decisions, outcomes, effects, refused or refusedCalls: a case that expects none of them could not fail',
  );

export type Expectation = z.infer<typeof expectation>;
export type End = (typeof ENDS)[number];
export type DecisionOutcome = (typeof DECISION_OUTCOMES)[number];

function isRegex(source: string): boolean {
  try {
    return new RegExp(source, 'isu') instanceof RegExp;
  } catch {
    return false;
  }
}
