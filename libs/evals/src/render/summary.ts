import type { Comparison } from '../compare-reports.js';
import { passPowers } from '../repeat.js';
import type { CaseResult, RunReport } from '../run-report.js';
import { oneLine, placeOf, problemsOf } from './text.js';

/** A summary may not grow beyond 1 MiB. */
const MOST = 100;

/** Markdown for `$GITHUB_STEP_SUMMARY`: the verdict, a row for each workflow, and each case that did not pass. */
export function renderSummary(run: RunReport, compared?: Comparison): string {
  const wrong = run.results.filter(({ verdict }) => verdict === 'fail' || verdict === 'error');
  const powers = passPowers(run.results);
  return [
    `## Evals: ${run.verdict}`,
    '',
    '| workflow | passed | failed | errors | skipped | verdict | fingerprint |',
    '|---|---:|---:|---:|---:|---|---|',
    ...run.workflows.map(
      ({ workflow, counts: { passed, failed, errors, skipped }, verdict, fingerprint }) =>
        `| ${[text(workflow), passed, failed, errors, skipped, verdict, text(fingerprint)].join(' | ')} |`,
    ),
    '',
    `${run.seconds.toFixed(1)} s, model ${run.model}. A skipped case counts as not run.`,
    ...(powers.length > 1 ? ['', powers.map(({ k, estimate }) => `pass^${k}: ${estimate.toFixed(3)}`).join(', ')] : []),
    ...(compared ? ['', comparedLine(compared)] : []),
    ...wrong.slice(0, MOST).flatMap(caseLines),
    ...(wrong.length > MOST ? ['', `and ${wrong.length - MOST} more that did not pass`] : []),
    '',
  ].join('\n');
}

const comparedLine = ({ newlyFailing, newlyPassing, missing, added }: Comparison) =>
  `Beside the baseline: ${newlyFailing.length} newly failing, ${newlyPassing.length} newly passing, ${missing.length} no longer run, ${added.length} added.`;

const caseLines = (one: CaseResult) => [
  '',
  `### ${one.verdict}: ${text(one.title)}`,
  '',
  text(placeOf(one)),
  '',
  ...problemsOf(one).map((problem) => `- ${text(problem)}`),
];

/** CommonMark takes any ASCII punctuation behind a backslash as itself: no markup, no HTML, no table cell, no link. */
const text = (said: string) => oneLine(said).replaceAll(/[!-/:-@[-`{-~]/g, '\\$&');
