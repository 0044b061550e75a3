/*
 * The cases of a rule, as they stand beside it in `<anything>.cases.yaml`. What this file guarantees:
 * 1. A file says what it means or is not taken: unknown words, two cases of one title, an expectation that nothing could meet are
 *    flaws, each named by file and place.
 * 2. What a case leaves out has one meaning, written here: nobody is unsure what was tried.
 */
import { z } from 'zod';
import { CODE_NAMES, STAGES } from '@countersign/contracts';
import { readYaml } from './read-yaml.js';

const word = z.string().min(1).max(200);
const json = z.json();
const jsonObject = z.record(z.string(), json);
const amount = z.string().regex(/^\d{1,15}(\.\d{1,4})?$/);
const count = z.int().nonnegative();

const tally = z
  .strictObject({
    open: count.default(0).describe('Granted or asked about and not ended, this one not counted'),
    actions: count.default(0),
    records: count.default(0),
    amounts: z.record(z.string().regex(/^[A-Z]{3}$/), amount).default({}),
  })
  .describe('What was counted before; what is left out is nothing');

/** As policy computes it; only what a rule may look at. */
const provenance = z.strictObject({
  origin: z.enum(['record', 'user', 'model', 'approver']),
  ...{ system: word.optional(), type: word.optional(), id: word.optional(), version: word.optional() },
  ...{ field: word.optional(), at: z.iso.datetime({ offset: true }).optional() },
  trust: z.enum(['system', 'user', 'untrusted']).optional(),
});

const actor = z
  .strictObject({
    sub: word.default('alice'),
    tenant: word.default('acme'),
    roles: z.array(word).optional().describe("The first role of the tool's permission map if absent"),
  })
  .describe('Who asks; alice of acme if absent');

const given = z.strictObject({
  tool: word,
  arguments: jsonObject.describe("As the tool's schema takes them; amounts are quoted, since decimals are strings"),
  actor: actor.prefault({}),
  proposedBy: z
    .enum(['model', 'caller'])
    .default('model')
    .describe('Whose idea it is: the model, unless somebody called the tool without one'),
  provenance: z
    .record(z.string(), provenance)
    .default({})
    .describe('Where arguments come from; of nothing known if absent'),
  heardStrangers: z
    .boolean()
    .optional()
    .describe("Whether strangers' words were read before in a session that is remembered; nobody knows if absent"),
  preview: z
    .strictObject({ effect: json, basis: jsonObject.default({}) })
    .optional()
    .describe('None was computed yet if absent'),
  history: z
    .record(z.string(), tally)
    .default({})
    .describe(
      'By the name under which the rule asks, of another rule as `rule/name`; nothing was done before if absent',
    ),
  stage: z.enum(STAGES).default('scoped'),
  switches: z.array(word).default([]).describe('Scopes of the switches that are on, such as kill/tool/issue_refund'),
  dryRun: z.boolean().default(false),
  now: z.iso.datetime({ offset: true }).default('2026-01-15T12:00:00Z'),
});

const RULE_OUTCOMES = ['allow', 'deny', 'escalate', 'pass'] as const;
const DECISIONS = ['approve', 'deny', 'escalate', 'needs-preview'] as const;

const expectation = z
  .strictObject({
    rule: z.enum(RULE_OUTCOMES).optional().describe('What this rule alone says'),
    decision: z.enum(DECISIONS).optional().describe('What all rules and the permission map together say'),
    code: z
      .enum(CODE_NAMES)
      .optional()
      .describe('Of a denial: of the decision where one is expected, else of the rule'),
    roles: z.array(word).min(1).optional().describe('Who may decide, in any order: likewise'),
    approvals: z.int().positive().optional().describe('How many of them: likewise'),
  })
  .refine(({ rule, decision }) => rule !== undefined || decision !== undefined, 'expect a rule, a decision or both')
  .refine(
    ({ rule, decision, code }) => code === undefined || (decision ?? rule) === 'deny',
    'a code belongs to a denial',
  )
  .refine(
    ({ rule, decision, roles, approvals }) =>
      (roles === undefined && approvals === undefined) || (decision ?? rule) === 'escalate',
    'roles and approvals belong to an escalation',
  );

const ruleCase = z.strictObject({
  title: z.string().trim().min(1).max(200).describe('A sentence: what is tried and what becomes of it'),
  given,
  expect: expectation,
});

/** The format of `*.cases.yaml`. */
export const caseFileSchema = z.strictObject({
  rule: word.describe('Name of the rule these cases are of; permission-map is that of the tools'),
  cases: z
    .array(ruleCase)
    .min(1)
    .refine((cases) => new Set(cases.map(({ title }) => title)).size === cases.length, 'each title stands once'),
});

export type RuleCase = z.infer<typeof ruleCase>;
export type CaseFile = z.infer<typeof caseFileSchema>;

/** Guarantee 1. Throws with the file and each place in it that does not fit. */
export const parseCaseFile = (text: string, file: string): CaseFile => readYaml(caseFileSchema, text, file).content;
