import { plainTable } from '../render/plain-table.js';
import type { Coverage } from './coverage.js';
import type { Point } from './points.js';

/** What was reached by tool and by rule, all that was not, and what could not be. */
export function renderCoverage(workflow: string, coverage: Coverage): string {
  const { points, reached, missing, unreachable } = coverage;
  return [
    `${workflow}: ${reached} of ${points} reached (tool × role × rule, and codes); ${unreachable.length} out of reach`,
    toolsTable(coverage),
    rulesTable(coverage),
    listed('not reached:', grouped(missing)),
    listed('out of reach:', outOfReach(unreachable)),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const toolsTable = ({ tools, missing }: Coverage): string =>
  plainTable(
    ['tool', 'reached', 'of', 'not reached'],
    ['left', 'right', 'right', 'right'],
    tools.map(({ tool, points, reached }) => {
      const its = missing.filter((one) => one.tool === tool);
      return [tool, reached, points, its.length];
    }),
  );

const rulesTable = ({ rules }: Coverage): string =>
  plainTable(
    ['rule', 'allow', 'escalate', 'deny', 'pass'],
    ['left', 'right', 'right', 'right', 'right'],
    rules.map(({ rule, allow, escalate, deny, pass }) => [rule, allow, escalate, deny, pass]),
  );

const listed = (head: string, lines: readonly string[]) =>
  lines.length === 0 ? '' : [head, ...lines.map((line) => `  ${line}`)].join('\n');

const tellPoint = ({ role, rule, code }: Point) =>
  [code ?? (rule && `the rule ${rule}`), role && `for ${role}`, rule && !role && 'saying more than pass']
    .filter(Boolean)
    .join(' ');

const grouped = (points: readonly Point[]): string[] =>
  [...Map.groupBy(points, ({ tool }) => tool)].map(([tool, its]) => `${tool}: ${its.map(tellPoint).join(', ')}`);

const outOfReach = (points: Coverage['unreachable']): string[] =>
  [...Map.groupBy(points, ({ because }) => because)].map(([because, its]) => {
    const tools = [...Map.groupBy(its, ({ tool }) => tool)];
    return `${because}: ${tools.map(([tool, of]) => `${tool} (${of.map(tellPoint).join(', ')})`).join('; ')}`;
  });
