import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repoRoot } from '@countersign/embedded/places';
import { runReportOf, signRun, type RunReport, type Verdict } from '@countersign/evals';
import { Signer } from '@countersign/signing';
import { touchedSince } from './changed.js';
import type { Options } from './options.js';
import { baselineAt, rootsOf, tell } from './outputs.js';
import { planOf } from './plan.js';
import { Progress } from './progress.js';
import { settingsOf } from './settings.js';

/** Runs what is asked for, and says what it came to. */
export async function evaluate(options: Options, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Verdict> {
  const settings = settingsOf(env);
  const baseline = options.baseline ? baselineAt(options.baseline) : undefined;
  const key = signerAt(options.key ?? settings.COUNTERSIGN_RELEASE_KEY_FILE);
  const model = { model: settings.OPENAI_MODEL, baseUrl: settings.OPENAI_BASE_URL };
  const packages = touched(settings.COUNTERSIGN_WORKFLOWS, options);
  if (packages.length === 0) {
    console.error(`evals: no workflow is touched since ${options.changed}, so nothing has to be run`);
    return 'pass';
  }
  const plan = await planOf(packages, model, options);
  const began = new Date();
  const progress = new Progress(plan.cases.length);
  const { runCases } = await import('./run.js');
  const results = await runCases(plan.cases, {
    ...{ packages: plan.packages, settings: model, mode: options.model, apiKey: settings.OPENAI_API_KEY },
    ...{ concurrency: options.concurrency, repeat: options.repeat, databaseUrl: settings.DATABASE_URL, env, signal },
    real: options.real,
    onResult: progress.saw,
  }).finally(() => progress.end());
  const about = {
    ...{
      version: versionHere(),
      model: options.model,
      startedAt: began.toISOString(),
      partial: plan.partial || options.real,
    },
    ...{ seconds: (Date.now() - began.getTime()) / 1000, ...(options.prices && { prices: options.prices }) },
  };
  const workflows = plan.workflows.map(({ from: _, coverage, ...known }) =>
    plan.partial ? known : { ...known, coverage: coverage(results) },
  );
  const run = runReportOf({ ...about, workflows }, results);
  const report = key ? signRun(run, key) : run;
  tell(report, options, rootsOf(plan.workflows), env, baseline);
  return report.verdict;
}

const touched = (packages: readonly string[], { changed }: Options): readonly string[] =>
  changed === undefined ? packages : touchedSince(changed, packages);

const versionHere = (): string =>
  (JSON.parse(readFileSync(path.join(repoRoot(), 'package.json'), 'utf8')) as Pick<RunReport, 'version'>).version;

const signerAt = (file: string | undefined): Signer | undefined =>
  file ? new Signer(createPrivateKey(readFileSync(file))) : undefined;
