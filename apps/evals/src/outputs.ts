import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  compareReports,
  parseRunReport,
  renderGithub,
  renderJson,
  renderJunit,
  renderSummary,
  renderTable,
  type CaseResult,
  type RunReport,
} from '@countersign/evals';
import { rootOf } from '@countersign/workflow-kit';
import { WrongUsage, type Options } from './options.js';

/** Everything that was asked for, in its place; the table, or the report as JSON, on stdout. */
export function tell(
  run: RunReport,
  options: Options,
  roots: ReadonlyMap<string, string>,
  env: NodeJS.ProcessEnv,
  baseline: RunReport | undefined,
): void {
  const compared = baseline && compareReports(baseline, run);
  if (options.report) writeFileSync(options.report, JSON.stringify(run));
  if (options.junit) writeFileSync(options.junit, renderJunit(run));
  if (options.json) console.log(renderJson(run));
  else console.log(renderTable(run, compared));
  if (!options.github) return;
  const marks = renderGithub(run, ({ workflow, file }: CaseResult) => path.join(roots.get(workflow) ?? '', file));
  if (marks) console.error(marks);
  const { GITHUB_STEP_SUMMARY: summary } = env;
  if (summary) appendFileSync(summary, renderSummary(run, compared));
}

/** By workflow, where its package lies, as seen from here. */
export const rootsOf = (workflows: readonly { workflow: string; from: string }[]): Map<string, string> =>
  new Map(workflows.map(({ workflow, from }) => [workflow, path.relative(process.cwd(), rootOf(from))]));

/** A report of before: a file, or `REF:FILE` as git has it. */
export function baselineAt(named: string): RunReport {
  if (existsSync(named)) return parseRunReport(readFileSync(named, 'utf8'), named);
  try {
    const text = execFileSync('git', ['show', '--end-of-options', named], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    });
    return parseRunReport(text, named);
  } catch (error) {
    throw new WrongUsage(
      `--baseline ${named} is neither a file nor one that git knows (REF:FILE): ${(error as Error).message}`,
    );
  }
}
