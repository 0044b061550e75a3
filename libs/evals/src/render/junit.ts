import type { CaseResult, RunReport } from '../run-report.js';
import { countsOf } from '../verdict.js';
import { problemsOf, secondsOf } from './text.js';

/**
 * JUnit XML as Apache Ant writes it and CI services read it (the form that github.com/windyroad/JUnit-Schema describes): a suite for each
 * file of cases.
 */
export function renderJunit(run: RunReport): string {
  const suites = [...Map.groupBy(run.results, ({ workflow, file }) => `${workflow} ${file}`).values()];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    ...suites.flatMap((cases, id) => suiteLines(run, cases, id)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteLines(run: RunReport, cases: readonly CaseResult[], id: number): string[] {
  const [{ workflow, file }] = cases as [CaseResult];
  const { failed, errors, skipped } = countsOf(cases);
  const about = run.workflows.find((each) => each.workflow === workflow);
  const attributes = attributesOf({
    ...{ package: workflow, id, name: file, timestamp: run.startedAt.slice(0, 19), hostname: 'localhost' },
    ...{ tests: cases.length, failures: failed, errors, skipped, time: timeOf(cases) },
  });
  return [
    `  <testsuite${attributes}>`,
    '    <properties>',
    `      <property${attributesOf({ name: 'model', value: run.model })}/>`,
    `      <property${attributesOf({ name: 'fingerprint', value: about?.fingerprint ?? '' })}/>`,
    '    </properties>',
    ...cases.flatMap(caseLines),
    '    <system-out/>',
    '    <system-err/>',
    '  </testsuite>',
  ];
}

function caseLines(one: CaseResult): string[] {
  const attributes = attributesOf({ name: one.title, classname: `${one.workflow}.${one.file}`, time: timeOf([one]) });
  const what = wrong(one);
  if (!what) return [`    <testcase${attributes}/>`];
  return [`    <testcase${attributes}>`, `      ${what}`, '    </testcase>'];
}

/** What stands in a case that did not pass. */
function wrong(one: CaseResult): string | undefined {
  const problems = problemsOf(one);
  const message = problems[0] ?? '';
  const body = escaped(problems.join('\n'));
  switch (one.verdict) {
    case 'pass':
      return undefined;
    case 'skip':
      return `<skipped${attributesOf({ message })}/>`;
    case 'fail':
      return `<failure${attributesOf({ message, type: 'expectation' })}>${body}</failure>`;
    case 'error':
      return `<error${attributesOf({ message, type: 'error' })}>${body}</error>`;
    default:
      return one.verdict satisfies never;
  }
}

const timeOf = (cases: readonly CaseResult[]) => cases.reduce((total, each) => total + secondsOf(each), 0).toFixed(3);

const attributesOf = (attributes: Record<string, string | number>) =>
  Object.entries(attributes)
    .map(
      ([name, value]) => ` ${name}="${escaped(String(value)).replaceAll(/[\t\n]/g, (c) => `&#${c.charCodeAt(0)};`)}"`,
    )
    .join('');

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
// What XML 1.0 has no way to say, even as a reference, and what a parser would turn into a line feed.
const UNSAYABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g;

/** Of any text: `]]>`, quotes and all. */
const escaped = (text: string) =>
  text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replaceAll(UNSAYABLE, '\ufffd')
    .replaceAll(/[&<>"']/g, (found) => ENTITIES[found]!);
