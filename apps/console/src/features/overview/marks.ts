import type { GetV1ControlResponse, GetV1EvalsRunsResponse } from '../../api/generated/index.js';
import { toolName } from '../../ui/record-name.js';

/** What changed the figures from outside: a switch, a stage, a release. */
export interface Mark {
  /** Its number on the plots and in the list. */
  n: number;
  kind: 'trip' | 're-arm' | 'stage' | 'release';
  at: string;
  words: string;
}

type Change = GetV1ControlResponse['history'][number];
type Run = GetV1EvalsRunsResponse['data'][number];

/** In the order they came, numbered. What was refused changed nothing; what was only run released nothing. */
export function marksOf(history: readonly Change[], runs: readonly Run[], from: string, to: string): Mark[] {
  const [first, end] = [Date.parse(from), Date.parse(to)];
  return [...history.flatMap(ofChange), ...runs.flatMap(ofRun)]
    .filter(({ at }) => Date.parse(at) >= first && Date.parse(at) < end)
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .map((mark, index) => ({ n: index + 1, ...mark }));
}

function ofChange({ scope, killed, stage, reason, by, at, refused }: Change): Omit<Mark, 'n'>[] {
  if (refused || !at) return [];
  const who = by ?? 'Somebody';
  const why = reason ? `: ${reason}` : '';
  if (stage !== undefined) return [{ kind: 'stage', at, words: `${who} set ${stageScope(scope)} to ${stage}${why}` }];
  return killed
    ? [{ kind: 'trip', at, words: `${who} stopped ${killScope(scope)}${why}` }]
    : [{ kind: 're-arm', at, words: `${who} let ${killScope(scope)} go on${why}` }];
}

function ofRun({ workflow, epoch, at, report }: Run): Omit<Mark, 'n'>[] {
  if (epoch === null) return [];
  const words =
    report.kind === 'rollback'
      ? `${workflow} was rolled back: ${report.reason}`
      : `A new version of ${workflow}, its policy included, was released`;
  return [{ kind: 'release', at, words }];
}

/** What a kill switch stops: "everything", "the tool issue refund". */
export function killScope(scope: string): string {
  const [, kind, ...rest] = scope.split('/');
  const name = rest.join('/');
  switch (kind) {
    case '*':
      return 'everything';
    case 'tenant':
      return `everything of ${name}`;
    case 'workflow':
      return `the workflow ${name}`;
    case 'tool':
      return `the tool ${toolName(name)}`;
    default:
      return scope;
  }
}

function stageScope(scope: string): string {
  const [, , workflow = scope, , tenant] = scope.split('/');
  return tenant ? `${workflow} of ${tenant}` : workflow;
}

/** The stretch of the axis a mark falls into, by its beginning. */
export function bucketOf(at: string, froms: readonly string[]): string | undefined {
  const time = Date.parse(at);
  return froms.findLast((from) => Date.parse(from) <= time);
}
