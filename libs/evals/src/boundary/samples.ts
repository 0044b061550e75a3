/*
 * What the boundary suites are made from beside the permission map: per tool one valid call, in `evals/samples.yaml` of its package.
 * What this file guarantees:
 * 1. A tool without a sample, a sample of no tool, and a sample from which a suite could not be made are flaws, all of them named at
 *    once: no suite is left out in silence.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { rulesOf } from '@countersign/policy-kit';
import { readYaml } from '@countersign/rule-cases';
import { parseInput, type ToolContract } from '@countersign/tool-sdk';
import type { Workflow } from '@countersign/workflow-kit';
import type { CaseText } from '../find-cases.js';
import { AMOUNT, filled } from './fill.js';

const word = z.string().min(1).max(200);
const jsonObject = z.record(z.string(), z.json());

const record = z.strictObject({ type: word, id: word, fields: jsonObject });
const effect = z
  .strictObject({ kind: word, record: word.optional(), amount: word.optional(), currency: word.optional() })
  .describe('As `effects` of a case');

const sample = z.strictObject({
  arguments: jsonObject.describe(
    'Of one call that is fine: `{amount}` and `{currency}` stand for those below, `{n}` for 1, 2 … where a suite makes several calls',
  ),
  records: z
    .array(record)
    .default([])
    .describe('What the call needs, none of it in the base set of the target: the same placeholders'),
  about: word
    .nullable()
    .describe('The argument that holds the id of one of these records, which is that of a tenant; null if none does'),
  restricted: z
    .array(record)
    .min(1)
    .nullable()
    .describe('What makes that record a restricted one, over `records`; null if its kind knows no such thing'),
  amount: z
    .string()
    .regex(/^\d{1,12}(\.\d{1,4})?$/)
    .optional()
    .describe('A decimal number, quoted: what `{amount}` is; the suites put those at the limits in its place'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional()
    .describe('What `{currency}` is; the suites put the others that the limits name in its place'),
  effects: z.array(effect).default([]).describe('What one such call does, once it is committed: all of it'),
  preview: z
    .strictObject({ effect: jsonObject, basis: jsonObject.default({}) })
    .optional()
    .describe('Needed where a rule looks at the preview: what it is of this call'),
});

/** The format of `evals/samples.yaml`. */
export const samplesSchema = z.strictObject({
  workflow: word.describe('Name of the workflow'),
  tools: z.record(word, sample).describe('By the name of the tool: each has one'),
});
export type Samples = z.infer<typeof samplesSchema>;
export type Sample = z.infer<typeof sample>;

const FILE = 'evals/samples.yaml';

/** In a package: the file, or nothing where there is none. It decides which cases there are, as the files of cases do. */
export function samplesFileOf(packageRoot: string): CaseText[] {
  const file = path.join(packageRoot, FILE);
  return existsSync(file) ? [{ file: FILE, text: readFileSync(file, 'utf8') }] : [];
}

/** Throws with file and line of what does not fit, and where a package has none. */
export function findSamples(packageRoot: string): Samples {
  const [found] = samplesFileOf(packageRoot);
  if (found) return parseSamples(found.text);
  throw new Error(
    `${packageRoot} has no ${FILE}: the boundary suites need one valid call of each tool (docs/evals.md)`,
  );
}

export const parseSamples = (text: string): Samples => readYaml(samplesSchema, text, FILE).content;

/** Guarantee 1. Throws with all of it. */
export function checkSamples(workflow: Workflow, samples: Samples): void {
  const { tools } = workflow;
  const flaws = [
    ...(samples.workflow === workflow.name ? [] : [`it is of ${samples.workflow}, not of ${workflow.name}`]),
    ...Object.keys(samples.tools)
      .filter((name) => !tools.some((tool) => tool.name === name))
      .map((name) => `${name}: ${workflow.name} has no such tool`),
    ...tools.flatMap((tool) => {
      if (!Object.hasOwn(samples.tools, tool.name)) return [`${tool.name} has no sample`];
      return flawsOf(workflow, tool, samples.tools[tool.name]!).map((flaw) => `${tool.name}: ${flaw}`);
    }),
  ];
  if (flaws.length > 0) throw new Error(`${FILE} does not fit ${workflow.name}: ${flaws.join('; ')}`);
}

function flawsOf(workflow: Workflow, tool: ToolContract, given: Sample): string[] {
  const call = filled(given);
  const input = parseInput(tool, call.arguments);
  const unsaid = rulesOf(workflow.rules, { tool }).filter(({ needs }) => needs?.includes('preview') && !given.preview);
  const changes = tool.effect !== 'read';
  return [
    ...(input.ok ? [] : input.problems.map(({ path: at, message }) => `its arguments do not fit: ${at}: ${message}`)),
    ...aboutFlaws(given, call),
    ...(changes && given.effects.length === 0 ? ['it changes something, and `effects` does not say what'] : []),
    ...(!changes && given.effects.length > 0 ? ['it only reads, and has `effects`'] : []),
    ...(tool.permissions.restricted && !given.restricted
      ? ['its map says who may touch restricted records, and `restricted` does not say what makes one']
      : []),
    ...(given.amount !== undefined && !JSON.stringify(given.arguments).includes(AMOUNT)
      ? [`it has an amount, and no argument is ${AMOUNT}`]
      : []),
    ...unsaid.map(({ name }) => `the rule ${name} looks at the preview, and \`preview\` does not say what it is`),
  ];
}

function aboutFlaws({ about }: Sample, call: ReturnType<typeof filled>): string[] {
  if (about === null) return [];
  if (!Object.hasOwn(call.arguments, about)) return [`about names ${about}, which is no argument of it`];
  const id = call.arguments[about];
  if (call.records.some((each) => each.id === id)) return [];
  return [`none of its records is ${String(id)}, which its argument ${about} names`];
}
