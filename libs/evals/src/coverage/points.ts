/*
 * What cases can reach of a workflow. What this file guarantees:
 * 1. Each tool with each role that may start the workflow and each rule that speaks of the tool is a point, and so is each code that
 *    tool and map give reason for: by role where the map makes the difference, once where it makes none.
 * 2. A point is said to be out of reach only where the map, the contract or a limit proves it, and why.
 */
import type { Code } from '@countersign/contracts';
import { rulesOf } from '@countersign/policy-kit';
import type { ToolContract } from '@countersign/tool-sdk';
import type { Workflow } from '@countersign/workflow-kit';
import { budgetsOn } from '../boundary/read-map.js';
import type { Samples } from '../boundary/samples.js';

/** Something that a case reaches, or none does. */
export interface Point {
  tool: string;
  role?: string;
  /** With a role: it was asked for such a person. Without: it once said more than `pass`. */
  rule?: string;
  code?: Code;
}

/** `because`: why no case can. */
export type Known = Point & { because?: string };

export const PERMISSION_MAP = 'permission-map';

export const pointsOf = (workflow: Workflow, samples: Samples | undefined): Known[] =>
  workflow.tools.flatMap((tool) => [
    ...rulePoints(workflow, tool),
    ...rolePoints(workflow, tool, samples),
    ...codePoints(workflow, tool),
  ]);

const because = (why: string | false | undefined): { because?: string } => (why ? { because: why } : {});

function rulePoints(workflow: Workflow, tool: ToolContract): Known[] {
  const { name, permissions } = tool;
  const asksPeople = Object.keys(permissions.approvals ?? {}).length > 0;
  const rules = [
    ...rulesOf(workflow.rules, { tool }).map((rule) => rule.name),
    ...(asksPeople ? [PERMISSION_MAP] : []),
  ];
  return rules.flatMap((rule) => [
    { tool: name, rule },
    ...workflow.roles.map((role) => ({
      ...{ tool: name, role, rule },
      ...because(!permissions.roles.includes(role) && `${role} may not call it, so no rule is asked`),
    })),
  ]);
}

/** The codes that hang on who asks. */
function rolePoints({ roles }: Workflow, { name, permissions }: ToolContract, samples: Samples | undefined): Known[] {
  const { roles: callers, restricted = [] } = permissions;
  const sample = samples?.tools[name];
  return roles.flatMap((role): Known[] => {
    if (!callers.includes(role)) return [{ tool: name, role, code: 'PERMISSION_DENIED' }];
    const why =
      (restricted.includes(role) && `${role} may touch restricted records`) ||
      (sample?.restricted === null && 'what it is about is never restricted');
    return [{ tool: name, role, code: 'RECORD_RESTRICTED', ...because(why) }];
  });
}

/** The codes that do not. */
function codePoints(workflow: Workflow, tool: ToolContract): Known[] {
  const isRead = tool.effect === 'read';
  const budgets = budgetsOn(workflow, tool);
  const { amountPerSession, recordsPerSession } = workflow.limits;
  const isCounted =
    tool.blast ||
    budgets.length > 0 ||
    (!isRead && (amountPerSession !== undefined || recordsPerSession !== undefined));
  const codes: [Code, string | false][] = [
    ['INVALID_ARGUMENTS', false],
    ['NOT_FOUND', false],
    ['KILLED', false],
    ['STAGE_FORBIDS', isRead && 'it only reads'],
    ['NOT_RELEASED', isRead && 'it only reads'],
    ['LIMIT_EXCEEDED', !isCounted && 'no limit counts it'],
    ['RATE_LIMITED', budgets.length === 0 && 'no budget counts it'],
    ...(tool.permissions.approvals ? [['APPROVAL_REJECTED', false] as [Code, false]] : []),
  ];
  return codes.map(([code, why]) => ({ tool: tool.name, code, ...because(why) }));
}
