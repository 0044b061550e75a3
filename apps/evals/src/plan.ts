import {
  boundaryCases,
  casesDigest,
  coverageOf,
  evalFilesOf,
  findEvals,
  findSamples,
  samplesFileOf,
  type CaseResult,
  type Coverage,
  type FoundCase,
} from '@countersign/evals';
import { loadWorkflows, rootOf, type ModelSettings } from '@countersign/workflow-kit';
import { WrongUsage, type Options } from './options.js';

/** A workflow of the run, and what is known of it before. */
export interface Planned {
  workflow: string;
  fingerprint: string;
  policyVersion: string;
  casesDigest: string;
  /** The package it was loaded from. */
  from: string;
  /** What its cases reached of it. */
  coverage(results: readonly CaseResult[]): Coverage;
}

export interface Plan {
  packages: string[];
  workflows: Planned[];
  cases: FoundCase[];
  /** Not all cases of each workflow: what such a run says releases nothing. */
  partial: boolean;
}

/** What is to be run: of the packages named, the workflows and cases that were asked for. */
export async function planOf(
  packages: readonly string[],
  settings: ModelSettings,
  options: Pick<Options, 'workflow' | 'case' | 'tag' | 'boundary'>,
): Promise<Plan> {
  const loaded = [...(await loadWorkflows(packages, settings)).values()];
  const asked = loaded.filter(
    ({ workflow: { name } }) => options.workflow.length === 0 || options.workflow.includes(name),
  );
  const missing = options.workflow.filter((name) => !loaded.some(({ workflow }) => workflow.name === name));
  if (missing.length > 0) throw new WrongUsage(`no package defines the workflow ${missing.join(', ')}`);
  const cases: FoundCase[] = [];
  const workflows: Planned[] = [];
  for (const { workflow, fingerprint, policyVersion, from } of asked) {
    const root = rootOf(from);
    const own = findEvals(root);
    const strange = own.find((one) => one.workflow !== workflow.name);
    if (strange)
      throw new Error(`${strange.file} holds cases of ${strange.workflow}, and its package defines ${workflow.name}`);
    const samples = options.boundary ? findSamples(root) : undefined;
    workflows.push({
      workflow: workflow.name,
      fingerprint,
      policyVersion,
      casesDigest: casesDigest([...evalFilesOf(root), ...samplesFileOf(root)]),
      from,
      coverage: (results) => coverageOf(workflow, results, samples),
    });
    cases.push(...own, ...(samples ? boundaryCases(workflow, samples) : []));
  }
  const wanted = cases.filter((one) => isWanted(one, options));
  const partial = !options.boundary || wanted.length < cases.length;
  return { packages: asked.map(({ from }) => from), workflows, cases: wanted, partial };
}

function isWanted({ id, title, tags }: FoundCase, { case: parts, tag }: Pick<Options, 'case' | 'tag'>): boolean {
  const isNamed = parts.length === 0 || parts.some((part) => id === part || title.includes(part));
  return isNamed && (tag.length === 0 || tag.some((each) => tags.includes(each)));
}
