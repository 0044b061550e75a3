import type { Comparison } from '../compare-reports.js';
import { renderCoverage } from '../coverage/render.js';
import type { CaseResult, RunReport } from '../run-report.js';
import { countsOf, type CaseVerdict, type Counts } from '../verdict.js';
import { renderModel } from './model.js';
import { plainTable } from './plain-table.js';
import { oneLine, placeOf, problemsOf, secondsOf } from './text.js';

const MARKS: Record<CaseVerdict, string> = { pass: 'ok', fail: 'FAIL', error: 'ERROR', skip: 'skip' };

/** What ran, by file; each case that did not pass, its problems under it; what was reached; and what it all comes to. */
export function renderTable(run: RunReport, compared?: Comparison): string {
  const parts = [
    filesTable(run.results),
    run.results
      .filter(({ verdict }) => verdict !== 'pass')
      .map(caseLines)
      .join('\n'),
    ...run.workflows.map(({ workflow, coverage }) => (coverage ? renderCoverage(oneLine(workflow), coverage) : '')),
    compared ? comparedLines(compared) : '',
    renderModel(run),
    totalLines(run),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function filesTable(results: readonly CaseResult[]): string {
  const files = Map.groupBy(results, ({ workflow, file }) => `${workflow} ${file}`);
  if (files.size === 0) return 'No case.';
  return plainTable(
    ['workflow', 'cases', 'passed', 'failed', 'errors', 'skipped', 'seconds'],
    ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
    [...files.values()].map((its) => {
      const { passed, failed, errors, skipped } = countsOf(its);
      const seconds = its.reduce((total, each) => total + secondsOf(each), 0).toFixed(1);
      return [oneLine(its[0]!.workflow), oneLine(its[0]!.file), passed, failed, errors, skipped, seconds];
    }),
  );
}

/** Each line begins with a word of ours: what stands behind it cannot be taken for a command of a CI service. */
function caseLines(one: CaseResult): string {
  const passed = one.attempts.filter(({ verdict }) => verdict === 'pass').length;
  const of = one.attempts.length > 1 ? ` (${passed} of ${one.attempts.length} attempts passed)` : '';
  const head = `${MARKS[one.verdict].padEnd(5)} ${oneLine(one.title)}${of}`;
  const at = `      at ${oneLine(placeOf(one))}`;
  return [head, at, ...problemsOf(one).map((problem) => `      - ${oneLine(problem)}`)].join('\n');
}

function comparedLines({ newlyFailing, newlyPassing, missing, added }: Comparison): string {
  const list = (what: string, cases: readonly CaseResult[]) => [
    `${what}: ${cases.length}`,
    ...cases.map(({ workflow, id }) => `      - ${oneLine(`${workflow} ${id}`)}`),
  ];
  return [
    ...list('newly failing', newlyFailing),
    ...list('newly passing', newlyPassing),
    ...list('no longer run', missing),
    `added: ${added.length}`,
  ].join('\n');
}

export const tellCounts = ({ passed, failed, errors, skipped }: Counts) =>
  `${passed} passed, ${failed} failed, ${errors} errors, ${skipped} skipped`;

function totalLines({ workflows, counts, seconds, partial, model }: RunReport): string {
  const none = workflows.filter((each) => each.counts.passed + each.counts.failed + each.counts.errors === 0);
  return [
    ...none.map(({ workflow }) => `${oneLine(workflow)}: no case ran, which is no pass`),
    ...(counts.skipped > 0 ? [`${counts.skipped} skipped: they count as not run`] : []),
    `${tellCounts(counts)} in ${seconds.toFixed(1)} s (model ${model}${partial ? ', only some of the cases' : ''})`,
  ].join('\n');
}
