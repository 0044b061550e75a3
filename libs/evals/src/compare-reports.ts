import type { CaseResult, RunReport } from './run-report.js';

/** A run beside an earlier one, case by case. */
export interface Comparison {
  /** Passed before, and not now. */
  newlyFailing: CaseResult[];
  /** Did not pass before, and does now. */
  newlyPassing: CaseResult[];
  /** Ran before, and not now: removed, retitled or skipped. */
  missing: CaseResult[];
  /** Not known before. */
  added: CaseResult[];
}

const keyOf = ({ workflow, id }: CaseResult) => `${workflow} ${id}`;
const ran = ({ verdict }: CaseResult) => verdict !== 'skip';
const passed = ({ verdict }: CaseResult) => verdict === 'pass';

/** Pure. A case is the same if its workflow, file and title are. Workflows that only one of the runs is of are left out. */
export function compareReports(before: Pick<RunReport, 'results'>, now: Pick<RunReport, 'results'>): Comparison {
  const workflows = new Set(now.results.map(({ workflow }) => workflow));
  const old = new Map(
    before.results.filter(({ workflow }) => workflows.has(workflow)).map((each) => [keyOf(each), each]),
  );
  const young = new Map(now.results.filter(ran).map((each) => [keyOf(each), each]));
  const both = [...young.values()].flatMap((each) => {
    const was = old.get(keyOf(each));
    return was && ran(was) ? [{ was, is: each }] : [];
  });
  return {
    newlyFailing: both.filter(({ was, is }) => passed(was) && !passed(is)).map(({ is }) => is),
    newlyPassing: both.filter(({ was, is }) => !passed(was) && passed(is)).map(({ is }) => is),
    missing: [...old.values()].filter((each) => ran(each) && !young.has(keyOf(each))),
    added: [...young.values()].filter((each) => !old.has(keyOf(each))),
  };
}
