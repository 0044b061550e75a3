/*
 * The boundary suites: cases made from a workflow's permission map, limits and schemas, none of them written by hand. What this file
 * guarantees:
 * 1. Each tool has each suite that its map, its limits and its schema give reason for; what a sample has to say for that, and does not,
 *    is an error, never a suite less.
 * 2. What a case expects is read from the map a second time (read-map.ts), not asked of what decides.
 * 3. The same workflow and samples give the same cases, in the same order, each with a title of its own.
 */
import type { Workflow } from '@countersign/workflow-kit';
import type { FoundCase } from '../find-cases.js';
import { callersOf, type Bench } from './bench.js';
import { checkSamples, type Samples } from './samples.js';
import { approvalCases } from './suites/approvals.js';
import { argumentCases } from './suites/arguments.js';
import { gateCases } from './suites/gates.js';
import { limitCases } from './suites/limits.js';
import { restrictedCases, tenantCases } from './suites/records.js';
import { dryRunCases, repeatCases } from './suites/repeats.js';
import { roleCases } from './suites/roles.js';

const SUITES: readonly ((bench: Bench) => FoundCase[])[] = [
  roleCases,
  tenantCases,
  restrictedCases,
  limitCases,
  approvalCases,
  dryRunCases,
  repeatCases,
  argumentCases,
  gateCases,
];

/** Pure. Throws with all that the samples lack. */
export function boundaryCases(workflow: Workflow, samples: Samples): FoundCase[] {
  checkSamples(workflow, samples);
  return workflow.tools.flatMap((tool) => {
    const bench: Bench = { workflow, tool, sample: samples.tools[tool.name]! };
    // Whom the workflow does not let in calls nothing: then there is nothing to try but that.
    return callersOf(bench).length === 0 ? roleCases(bench) : SUITES.flatMap((suite) => suite(bench));
  });
}
