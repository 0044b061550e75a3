import type { CaseResult, RunReport } from '../run-report.js';
import { oneLine, problemsOf } from './text.js';

/** GitHub shows so many of a step; the table names the rest. */
const MOST = 50;

/**
 * Workflow commands that mark each failing case at its line (`::error file=…,line=…,title=…::…`). `fileOf` says where a case's file lies in the
 * repository. https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
export function renderGithub({ results }: RunReport, fileOf: (one: CaseResult) => string): string {
  const wrong = results.filter(({ verdict }) => verdict === 'fail' || verdict === 'error');
  return wrong
    .slice(0, MOST)
    .map((one) => {
      const place = one.line > 0 ? `file=${property(oneLine(fileOf(one)))},line=${one.line},` : '';
      const said = problemsOf(one).map(oneLine).join('\n');
      return `::error ${place}title=${property(`${one.verdict}: ${oneLine(one.title)}`)}::${data(said)}`;
    })
    .join('\n');
}

/** As GitHub's own toolkit escapes them: a message on one line, and no property that ends early. */
const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
