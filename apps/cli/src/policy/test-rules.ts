import { findCases, runCases, untriedRules, type CaseResult } from '@countersign/rule-cases';
import { CliError, EXIT } from '../errors.js';
import { incomplete, loadPackage } from './packages.js';

/** What the cases of one package came to. */
export interface Tested {
  package: string;
  workflow: string;
  cases: CaseResult[];
  /** Rules that no case is of. */
  untried: string[];
}

/** Runs the cases of a package; `rule` those of one rule alone. */
export async function testPackage(from: string, rule: string | undefined): Promise<Tested> {
  const { workflow, root } = await loadPackage(from);
  const found = casesIn(root, from);
  const untried = untriedRules(workflow, found).filter((name) => rule === undefined || name === rule);
  return { package: from, workflow: workflow.name, cases: runCases(workflow, found, rule), untried };
}

function casesIn(root: string, from: string) {
  try {
    return findCases(root);
  } catch (error) {
    throw incomplete(`the cases of ${from} cannot be read`, error, 'Correct the file; nothing was tried.');
  }
}

const failedOf = (tested: readonly Tested[]) =>
  tested.flatMap(({ cases }) => cases).filter(({ problems }) => problems.length > 0).length;

/** The last line: how many there were, and what became of them. */
export function verdictOf(tested: readonly Tested[]): string {
  const all = tested.flatMap(({ cases }) => cases).length;
  const untried = tested.flatMap(({ untried }) => untried).length;
  const failed = failedOf(tested);
  const missing = untried > 0 ? `, ${untried} rule${untried === 1 ? '' : 's'} without a case` : '';
  return `${all - failed} passed, ${failed} failed${missing}`;
}

/** Throws unless every rule was tried and did as it should. */
export function requireTried(tested: readonly Tested[]): void {
  if (failedOf(tested) > 0)
    throw new CliError(
      'Some cases failed.',
      EXIT.gateFailed,
      'Correct the rule or the case; `countersign policy explain --case FILE` shows what a case came to.',
    );
  const untried = tested.flatMap(({ untried }) => untried);
  if (untried.length > 0) throw new CliError(`No case is of: ${untried.join(', ')}.`, EXIT.incomplete, WRITE_ONE);
  if (tested.every(({ cases }) => cases.length === 0))
    throw new CliError('There is no such case.', EXIT.incomplete, WRITE_ONE);
}

const WRITE_ONE =
  'Write its cases beside the rule, as `<rule>.cases.yaml`; `countersign schema export` has the format.';

/** One line a case, with what went wrong below it. */
export function caseLines({ file, rule, title, problems }: CaseResult): string[] {
  const line = `${problems.length === 0 ? 'ok    ' : 'FAILED'}  ${rule}: ${title}`;
  return [line, ...problems.map((problem) => `        ${problem} (${file})`)];
}
