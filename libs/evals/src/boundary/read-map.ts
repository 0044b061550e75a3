/*
 * What the permission map and the limits say of a call: a second reading of them, beside that of policy (policy-kit's permissionNeeds,
 * workflow-kit's before-rules, policy's limits), so that neither's mistake is the measure of itself. What the rules say, which are code,
 * is asked of them, and joined with the map's as policy joins it. The call is the first of its user, tenant and day.
 */
import { Decimal } from 'decimal.js';
import { digest, type Code, type Json, type JsonObject } from '@countersign/contracts';
import { evaluate, historyAsksOf, type RuleFacts, type Tally } from '@countersign/policy-kit';
import type { ApprovalNeed, PermissionMap, ToolContract } from '@countersign/tool-sdk';
import type { Budget, Workflow } from '@countersign/workflow-kit';
import type { Sample } from './samples.js';

export type Reading =
  /** Nobody may even start the workflow so. */
  | { tag: 'refused'; code: Code }
  | { tag: 'denied'; code: Code }
  | { tag: 'escalated'; roles: string[]; approvals: number }
  | { tag: 'granted' };

/** A call, and who makes it. */
export interface Call {
  tool: ToolContract;
  arguments: JsonObject;
  sub: string;
  role: string;
  preview?: Sample['preview'];
}

const denied = (code: Code): Reading => ({ tag: 'denied', code });

export function readMap(workflow: Workflow, call: Call): Reading {
  const { tool, role, arguments: args } = call;
  if (!workflow.roles.includes(role)) return { tag: 'refused', code: 'PERMISSION_DENIED' };
  if (!tool.input.safeParse(args).success) return denied('INVALID_ARGUMENTS');
  if (!tool.permissions.roles.includes(role)) return denied('PERMISSION_DENIED');
  if (isOver(workflow, call)) return denied('LIMIT_EXCEEDED');
  return ruled(workflow, call);
}

/** A limit of one action, or one of a session or day that no single action may take. */
function isOver(workflow: Workflow, { tool, arguments: args }: Call): boolean {
  const takes = tool.blast?.(args);
  const { amountPerAction, recordsPerAction, amountPerSession, recordsPerSession = Infinity } = workflow.limits;
  const exceeds = (limits: Readonly<Record<string, string>> | undefined) => {
    if (!limits || !takes?.amount) return false;
    const most = limits[takes.amount.currency];
    return most === undefined || new Decimal(takes.amount.amount).gt(most);
  };
  if (takes && (takes.records > recordsPerAction || exceeds(amountPerAction))) return true;
  const records = takes?.records ?? 1;
  const changes = tool.effect !== 'read';
  if (changes && (records > recordsPerSession || exceeds(amountPerSession))) return true;
  return budgetsOn(workflow, tool).some(
    ({ actionsPerDay = Infinity, recordsPerDay = Infinity, amountPerDay }) =>
      actionsPerDay < 1 || records > recordsPerDay || exceeds(amountPerDay),
  );
}

/** Those that count a tool. */
export const budgetsOn = ({ budgets = [] }: Workflow, { name, effect }: ToolContract): Budget[] =>
  budgets.filter(({ tools }) => (tools ? tools.includes(name) : effect !== 'read'));

const NOTHING: Tally = { open: 0, actions: 0, records: 0, amounts: {} };

function ruled(workflow: Workflow, { tool, sub, role, arguments: args, preview }: Call): Reading {
  const actor = { sub, tenant: 'own', roles: [role] };
  const asked = { tool, actor, arguments: args };
  const verdict = evaluate(workflow.rules, {
    ...{ workflow: workflow.name, ...asked, permissions: asRead(tool.permissions, args) },
    preview: preview && {
      effect: preview.effect as JsonObject,
      basis: preview.basis as JsonObject,
      digest: digest(preview.effect as JsonObject),
    },
    history: Object.fromEntries(historyAsksOf(workflow.rules, asked).map(({ name }) => [name, NOTHING])),
    ...{ dryRun: false, stage: 'scoped', switches: [], now: new Date(0) },
    ...saidBy(workflow, tool, args),
  });
  switch (verdict.tag) {
    case 'approve':
      return { tag: 'granted' };
    case 'deny':
      return denied(verdict.code);
    case 'escalate':
      return { tag: 'escalated', roles: verdict.roles, approvals: verdict.approvals };
    case 'needs-preview':
      throw new Error(`a rule looks at the preview of ${tool.name}, and its sample does not say what it is`);
    default:
      return verdict satisfies never;
  }
}

/** Of an agent outside nobody's words were heard, so that each value is its own; of a product nothing is known. */
function saidBy(
  { agent }: Workflow,
  { decides, freeNames }: ToolContract,
  args: JsonObject,
): Partial<RuleFacts> & Pick<RuleFacts, 'provenance'> {
  if (agent !== 'outside') return { provenance: {} };
  const provenance = Object.fromEntries(pathsIn(args).map((path) => [path, { origin: 'model' as const }]));
  return {
    provenance,
    heardStrangers: false,
    proposedBy: 'model',
    ...(decides ? { decides } : {}),
    ...(freeNames ? { freeNames } : {}),
  };
}

function pathsIn(value: Json, path = ''): string[] {
  if (value === null) return [];
  if (typeof value !== 'object') return [path];
  const entries = Array.isArray(value) ? value.map((item, at) => [String(at), item] as const) : Object.entries(value);
  return entries.flatMap(([name, item]) => pathsIn(item as Json, path ? `${path}.${name}` : name));
}

/** The map with what it says of these very arguments: people for each of what it names, or nobody. */
function asRead(map: PermissionMap, args: JsonObject): PermissionMap {
  const named = Object.entries(map.approvals ?? {}).filter(([parameter, need]) => isNamed(need, args[parameter]));
  const always = named.map(([parameter, { when, roles, approvals }]) => {
    const need: ApprovalNeed = { when, roles, always: true, ...(approvals === undefined ? {} : { approvals }) };
    return [parameter, need];
  });
  return { ...map, approvals: Object.fromEntries(always) };
}

function isNamed({ over, oneOf }: ApprovalNeed, value: Json | undefined): boolean {
  if (value === undefined) return true;
  if (over !== undefined) return !isNumber(value) || new Decimal(String(value)).abs().gt(over);
  if (oneOf !== undefined) return [value].flat().some((each) => oneOf.includes(String(each)));
  return true;
}

const isNumber = (value: Json): boolean => /^-?\d{1,30}(\.\d{1,30})?$/.test(String(value)) && !Array.isArray(value);
