import { digest } from '@countersign/contracts';
import type { ToolContract } from '@countersign/tool-sdk';
import type { Source } from '@countersign/context';
import type { Rule } from '@countersign/policy-kit';

export interface WorkflowModel {
  temperature: number;
  maxTurns: number;
  /** Prompt and completion tokens an intent may use in all its turns. */
  tokenBudget: number;
  timeoutMs: number;
}

/** How much this workflow may ever touch: its blast radius. Money per currency, as decimal strings. */
export interface WorkflowLimits {
  amountPerAction: Readonly<Record<string, string>>;
  recordsPerAction: number;
  /** Of all commits granted in one user's session of this workflow. */
  amountPerSession?: Readonly<Record<string, string>>;
  recordsPerSession?: number;
  /** Of all commits granted to one user of a tenant on one day (UTC). */
  amountPerDay?: Readonly<Record<string, string>>;
  recordsPerDay?: number;
}

/** A workflow: what the model is told, which tools it has and the rules its actions must pass. A value, loaded by name. */
export interface Workflow {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly prompt: string;
  readonly model: WorkflowModel;
  /** Roles whose people may start it. */
  readonly roles: readonly string[];
  readonly tools: readonly ToolContract[];
  readonly rules: readonly Rule[];
  /** What the model is shown of records, and how fresh it has to be. A read tool without a source shows all its declared fields. */
  readonly sources?: readonly Source[];
  /** Per tool that changes state: what "done" means, in system-of-record terms. The tool's `done` checks it there. */
  readonly done?: Readonly<Record<string, string>>;
  /** How often an action on stale context is planned anew before a person is asked; 2 if absent. */
  readonly maxReplans?: number;
  /** Folder of its cases, beside package.json. */
  readonly cases?: string;
  readonly limits: WorkflowLimits;
  readonly approval: { expiresInMs: number };
}

export function defineWorkflow(workflow: Workflow): Workflow {
  const flaws: string[] = [];
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(workflow.name)) flaws.push('its name must be kebab-case');
  const names = new Set<string>();
  for (const { name } of workflow.tools) {
    if (names.has(name)) flaws.push(`the tool ${name} stands twice`);
    names.add(name);
  }
  for (const rule of workflow.rules) {
    const unknown = rule.tools?.filter((tool) => !names.has(tool)) ?? [];
    if (unknown.length > 0) flaws.push(`the rule ${rule.name} names unknown tools: ${unknown.join(', ')}`);
  }
  if (workflow.rules.length === 0) flaws.push('it has no rule, so everything would be denied');
  if (workflow.roles.length === 0) flaws.push('no role may start it');
  if (flaws.length > 0) throw new Error(`workflow ${workflow.name} is not fit: ${flaws.join('; ')}`);
  return Object.freeze(workflow);
}

/** The policy version: a digest over the rules as they run, the permission maps and the limits. */
export function policyVersionOf(workflow: Workflow): string {
  return digest({
    rules: workflow.rules.map((rule) => ({
      name: rule.name,
      tools: rule.tools ?? null,
      needs: rule.needs ?? null,
      decide: rule.decide.toString(),
    })),
    permissions: workflow.tools.map((tool) => ({
      name: tool.name,
      version: tool.version,
      permissions: tool.permissions,
    })),
    roles: workflow.roles,
    limits: workflow.limits,
  });
}
