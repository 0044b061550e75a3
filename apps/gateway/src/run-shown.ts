import { z } from 'zod';
import {
  caseResultSchema,
  compareReports,
  coverageSchema,
  MODEL_MODES,
  CASE_VERDICTS,
  passPowers,
  type CaseResult,
  type RunReport,
} from '@countersign/evals';
import { runSchema, type Release, type RunShown } from './releases.js';
import type { ToldRun } from './told-runs.js';

/** Beside the baseline. `gone`: it ran there, and does not here: removed, retitled or skipped. `new`: it did not run there. */
const CHANGES = ['newly-failing', 'newly-passing', 'new', 'gone', 'unchanged'] as const;
export type Change = (typeof CHANGES)[number];

const caseShown = caseResultSchema.extend({
  /** null where nothing is compared. */
  change: z.enum(CHANGES).nullable(),
  /** Its verdict in the baseline; null where it is not in it. */
  was: z.enum(CASE_VERDICTS).nullable(),
});
export type CaseShown = z.infer<typeof caseShown>;

/** A run with all its cases, those that are only in the baseline at the end. */
export const runDetailSchema = runSchema.extend({
  version: z.string(),
  model: z.enum(MODEL_MODES),
  startedAt: z.string(),
  seconds: z.number(),
  policyVersion: z.string(),
  coverage: coverageSchema.nullable(),
  /** How likely a case passes k times out of k, for k from 1 to how often each was run. */
  passPowers: z.array(z.object({ k: z.int(), estimate: z.number() })),
  baseline: runSchema.nullable(),
  cases: z.array(caseShown),
});
export type RunDetail = z.infer<typeof runDetailSchema>;

/** Guarantee 3 of told-runs.ts: a release and the run whose cases it was signed for. */
const isOf = (release: Release, told: ToldRun): boolean =>
  release.workflow === told.workflow &&
  release.fingerprint === told.fingerprint &&
  release.report.kind === 'release' &&
  release.report.resultsDigest === told.resultsDigest;

/** Releases and runs that released nothing, the newest first. */
export function allRuns(releases: readonly Release[], told: readonly ToldRun[]): RunShown[] {
  const released = releases.map((release) => {
    const its = told.find((each) => isOf(release, each));
    return { ...release, id: its?.id ?? null, by: its?.by ?? null };
  });
  const others = told.filter((each) => !releases.some((release) => isOf(release, each))).map(unreleased);
  return [...released, ...others].sort(
    (a, b) => Date.parse(b.at) - Date.parse(a.at) || (b.epoch ?? 0) - (a.epoch ?? 0),
  );
}

const unreleased = ({ id, by, workflow, fingerprint, report }: ToldRun): RunShown => ({
  ...{ workflow, fingerprint, epoch: null, at: report.at, report, standing: null, id, by },
});

/** Where a page ended: the release, or the run. */
export const keyOf = ({ epoch, id }: RunShown): string => String(epoch ?? id);

export function detailOf(shown: RunShown, run: RunReport, baseline?: { shown: RunShown; run: RunReport }): RunDetail {
  const [{ policyVersion, coverage = null }] = run.workflows as [RunReport['workflows'][number]];
  const { version, model, startedAt, seconds, results } = run;
  return {
    ...shown,
    ...{ version, model, startedAt, seconds, policyVersion, coverage, passPowers: passPowers(results) },
    baseline: baseline?.shown ?? null,
    cases: baseline ? compared(baseline.run, run) : results.map((each) => ({ ...each, change: null, was: null })),
  };
}

function compared(before: RunReport, now: RunReport): CaseShown[] {
  const { newlyFailing, newlyPassing, missing, added } = compareReports(before, now);
  const was = new Map(before.results.map(({ id, verdict }) => [id, verdict]));
  const idsOf = (cases: readonly CaseResult[]) => new Set(cases.map(({ id }) => id));
  const [failing, passing, gone, fresh] = [newlyFailing, newlyPassing, missing, added].map(idsOf);
  const changeOf = ({ id, verdict }: CaseResult): Change => {
    if (failing!.has(id)) return 'newly-failing';
    if (gone!.has(id)) return 'gone';
    if (fresh!.has(id) || (was.get(id) === 'skip' && verdict !== 'skip')) return 'new';
    return passing!.has(id) ? 'newly-passing' : 'unchanged';
  };
  const here = idsOf(now.results);
  const left = missing.filter(({ id }) => !here.has(id));
  return [
    ...now.results.map((each) => ({ ...each, change: changeOf(each), was: was.get(each.id) ?? null })),
    ...left.map((each) => ({ ...each, change: 'gone' as const, was: each.verdict })),
  ];
}
