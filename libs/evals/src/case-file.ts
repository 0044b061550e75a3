/*
 * The evals of a workflow, as they stand in its package under `evals/<anything>.evals.yaml`. What this file guarantees:
 * 1. A file says what it means or is not taken: unknown words, two cases of one title, a person nobody named, a step that cannot
 *    be, an expectation that nothing could meet are flaws, each named by file and line.
 * 2. What a case leaves out has one meaning, written here. What an expectation means is written in judge-case.ts.
 * 3. A case that expects nothing is a flaw: it could not fail.
 */
import { z } from 'zod';
import { STAGES } from '@countersign/contracts';
import { flawsIn, readYaml, type ReadYaml } from '@countersign/rule-cases';
import { killScope, record, step } from './case-steps.js';
import { tenant, word } from './case-words.js';
import { checkCase } from './check-case.js';
import { expectation } from './expectation.js';
import { MODEL_MODES } from './model-mode.js';

const someone = z.strictObject({
  roles: z.array(word).optional().describe("The workflow's first role if absent"),
  tenant: tenant.default('own'),
});

const given = z.strictObject({
  people: z
    .record(word, someone)
    .default({ alice: { tenant: 'own' } })
    .describe("By name; alice with the workflow's first role if absent"),
  records: z.array(record).default([]).describe("On top of the target's base set, which each tenant of a case has"),
  stage: z.enum(STAGES).default('scoped').describe("Of the workflow in the case's tenants"),
  switches: z.array(killScope).default([]).describe('Kill switches that are on from the start'),
  released: z.boolean().default(true).describe('Whether the fingerprint that runs is released'),
});

const evalCase = z
  .strictObject({
    title: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .regex(/^[^\r\n]*$/, 'one line')
      .describe('A sentence: what is tried and what becomes of it; once in a package'),
    tags: z.array(word).default([]).describe('Words to select cases by'),
    models: z
      .array(z.enum(MODEL_MODES))
      .min(1)
      .optional()
      .describe(
        'With which models it is run. If absent: recorded where its intents have turns, stand-in and live where they have none, all where it has no intent',
      ),
    given: given.prefault({}).describe('What there is before the first step'),
    steps: z
      .array(step)
      .min(1)
      .max(100)
      .describe('In order: each waits until what it caused ended or waits for a person'),
    expect: expectation.describe('What is to be found once all steps are over; what is not named is not looked at'),
  })
  .superRefine((one, context) => {
    for (const { path, message } of checkCase(one)) context.addIssue({ code: 'custom', path, message });
  });

/** The format of `*.evals.yaml`. */
export const evalFileSchema = z.strictObject({
  workflow: word.describe('Name of the workflow these cases are of'),
  cases: z
    .array(evalCase)
    .min(1)
    .describe('Each with tenants of its own: none knows of another')
    .refine((cases) => new Set(cases.map(({ title }) => title)).size === cases.length, 'each title stands once'),
});

export type EvalCase = z.infer<typeof evalCase>;
/** A case as it is written: what it leaves out is left out. */
export type WrittenCase = z.input<typeof evalCase>;
export type EvalFile = z.infer<typeof evalFileSchema>;

/** Guarantees 1 and 3. Throws with the file and each place in it that does not fit. */
export const parseEvalFile = (text: string, file: string): ReadYaml<EvalFile> => readYaml(evalFileSchema, text, file);

/** A case that is made, not read: what it leaves out filled in, and held to the same. Throws with what does not fit. */
export function evalCaseOf(written: WrittenCase): EvalCase {
  const parsed = evalCase.safeParse(written);
  if (parsed.success) return parsed.data;
  const flaws = flawsIn(parsed.error).map(({ path, message }) => `${path.join('.') || '(case)'}: ${message}`);
  throw new Error(`the case "${written.title}" does not fit: ${flaws.join('; ')}`);
}
