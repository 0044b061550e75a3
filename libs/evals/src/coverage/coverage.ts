import { z } from 'zod';
import { CODE_NAMES } from '@countersign/contracts';
import type { Workflow } from '@countersign/workflow-kit';
import type { Samples } from '../boundary/samples.js';
import type { CaseResult, Reached } from '../run-report.js';
import { pointsOf, type Point } from './points.js';

const word = z.string().max(1_000);
const point = {
  tool: word,
  role: word.optional(),
  rule: word.optional(),
  code: z.enum(CODE_NAMES).optional(),
};
const count = z.int().nonnegative();

/** What the cases of a workflow reached of it, and what they did not. */
export const coverageSchema = z.strictObject({
  /** All that there are, those out of reach aside. */
  points: count,
  reached: count,
  /** By tool, likewise. */
  tools: z.array(z.strictObject({ tool: word, points: count, reached: count })),
  /** By rule: how many decisions, no two alike, in which it said so. */
  rules: z.array(z.strictObject({ rule: word, allow: count, escalate: count, deny: count, pass: count })),
  missing: z.array(z.strictObject(point)),
  unreachable: z.array(z.strictObject({ ...point, because: word })),
});
export type Coverage = z.infer<typeof coverageSchema>;

/** Pure. A point that was reached is no longer said to be out of reach: what is known of it was wrong, or policy is. */
export function coverageOf(
  workflow: Workflow,
  results: readonly Pick<CaseResult, 'workflow' | 'reached'>[],
  samples?: Samples,
): Coverage {
  const reached = results.filter((one) => one.workflow === workflow.name).flatMap((one) => one.reached);
  const seen = new Set(reached.flatMap(pointsIn).map(nameOf));
  const known = pointsOf(workflow, samples);
  const isSeen = (one: Point) => seen.has(nameOf(one));
  const within = known.filter((one) => one.because === undefined || isSeen(one));
  const inTool = (name: string) => within.filter(({ tool }) => tool === name);
  return {
    points: within.length,
    reached: within.filter(isSeen).length,
    tools: workflow.tools.map(({ name }) => {
      const its = inTool(name);
      return { tool: name, points: its.length, reached: its.filter(isSeen).length };
    }),
    rules: rulesIn(workflow, reached),
    missing: within.filter((one) => !isSeen(one)).map(({ because: _, ...one }) => one),
    unreachable: known.flatMap((one) =>
      one.because === undefined || isSeen(one) ? [] : [{ ...one, because: one.because }],
    ),
  };
}

const nameOf = ({ tool, role, rule, code }: Point) => JSON.stringify([tool, role, rule, code]);

function pointsIn({ tool, roles = [], rules = [], code }: Reached): Point[] {
  return [
    ...rules.flatMap(({ rule, outcome }) => [
      ...roles.map((role) => ({ tool, role, rule })),
      ...(outcome === 'pass' ? [] : [{ tool, rule }]),
    ]),
    ...(code ? [{ tool, code }, ...roles.map((role) => ({ tool, role, code }))] : []),
  ];
}

function rulesIn({ rules }: Workflow, reached: readonly Reached[]): Coverage['rules'] {
  const all = reached.flatMap((one) => one.rules ?? []);
  const names = new Set([...rules.map(({ name }) => name), ...all.map(({ rule }) => rule)]);
  return [...names].map((rule) => {
    const said = (outcome: string) => all.filter((one) => one.rule === rule && one.outcome === outcome).length;
    return { rule, allow: said('allow'), escalate: said('escalate'), deny: said('deny'), pass: said('pass') };
  });
}
