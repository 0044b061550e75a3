/* What a run says, as it is written to a file and read again: by `release publish`, and as a baseline. */
import { z } from 'zod';
import { CODE_NAMES, releaseValue } from '@countersign/contracts';
import { coverageSchema } from './coverage/coverage.js';
import { DECISION_OUTCOMES, ENDS } from './expectation.js';
import { MODEL_MODES } from './model-mode.js';
import { releaseReportSchema } from './release.js';
import { CASE_VERDICTS, VERDICTS } from './verdict.js';

const word = z.string().max(1_000);
const count = z.int().nonnegative();
const ms = z.number().nonnegative();
const price = z.string().regex(/^\d{1,9}(\.\d{1,9})?$/);

/** What calls of a model took. */
const modelUse = z.strictObject({ calls: count, promptTokens: count, completionTokens: count, ms });

/** What a model costs, in a currency: per million tokens of what it is given, and of what it writes. */
const prices = z.strictObject({
  currency: z.string().min(1).max(10),
  promptPerMillion: price,
  completionPerMillion: price,
});

/** A case, run once. */
const attempt = z.strictObject({
  verdict: z.enum(VERDICTS),
  /** Of a failure what is other than expected, of an error what kept it from being judged; each a sentence. */
  problems: z.array(z.string()),
  durationMs: ms,
  model: modelUse,
});

/** What a case reached of a workflow, for the coverage: a decision on a tool, or how an action of it ended. */
const reached = z.strictObject({
  tool: word,
  /** Those of whoever asked. */
  roles: z.array(word).optional(),
  outcome: z.enum([...DECISION_OUTCOMES, ...ENDS]),
  code: z.enum(CODE_NAMES).optional(),
  /** Of a decision: what each rule said. */
  rules: z.array(z.strictObject({ rule: word, outcome: z.enum(['allow', 'escalate', 'deny', 'pass']) })).optional(),
});

export const caseResultSchema = z.strictObject({
  id: word,
  workflow: word,
  title: word,
  file: word,
  /** Of its title in the file; 0 where the case was made from the permission map. */
  line: count,
  tags: z.array(word),
  verdict: z.enum(CASE_VERDICTS),
  /** Of a skip: why. */
  because: z.string().optional(),
  /** One, or as many as `--repeat` says; none of a skip. */
  attempts: z.array(attempt),
  reached: z.array(reached),
});

const counts = z.strictObject({ passed: count, failed: count, errors: count, skipped: count });

/** What ran of one workflow, and what that is worth. */
const workflowReport = z.strictObject({
  workflow: word,
  fingerprint: word,
  policyVersion: word,
  casesDigest: word,
  /** Of its cases, those made from the permission map. */
  generated: count,
  counts,
  verdict: z.enum(VERDICTS),
  /** The control value that releases it: signed, where all passed and a release key was given. */
  release: releaseValue.extend({ report: releaseReportSchema }).optional(),
  /** Of all its cases. */
  coverage: coverageSchema.optional(),
});

/** All that one run says. */
export const runReportSchema = z.strictObject({
  format: z.literal('countersign-evals/1'),
  /** Of Countersign. */
  version: word,
  model: z.enum(MODEL_MODES),
  startedAt: z.iso.datetime({ offset: true }),
  seconds: z.number().nonnegative(),
  /** Only some of the cases of a workflow were asked for: such a run releases nothing. */
  partial: z.boolean(),
  /** Of the model, where they were given. */
  prices: prices.optional(),
  workflows: z.array(workflowReport),
  results: z.array(caseResultSchema),
  counts,
  verdict: z.enum(VERDICTS),
});

export type ModelUse = z.infer<typeof modelUse>;
export type Prices = z.infer<typeof prices>;
export type Attempt = z.infer<typeof attempt>;
export type Reached = z.infer<typeof reached>;
export type CaseResult = z.infer<typeof caseResultSchema>;
export type WorkflowReport = z.infer<typeof workflowReport>;
export type RunReport = z.infer<typeof runReportSchema>;

/** Throws with the file and the first place that does not fit. A report that is not signed proves nothing. */
export function parseRunReport(text: string, file: string): RunReport {
  const parsed = runReportSchema.safeParse(jsonOf(text, file));
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
  throw new Error(`${file} is no report of an eval run: ${path.join('.') || '(file)'}: ${message}`);
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is no report of an eval run: it is no JSON`, { cause: error });
  }
}
