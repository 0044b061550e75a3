import { digest } from '@countersign/contracts';
import type { ToolContract } from '@countersign/tool-sdk';
import type { Source } from '@countersign/context';
import type { Rule } from '@countersign/policy-kit';
import type { AccessMapping } from './access.js';
import { workflowFlaws } from './workflow-flaws.js';

export interface WorkflowModel {
  temperature: number;
  maxTurns: number;
  /** Prompt and completion tokens an intent may use in all its turns. */
  tokenBudget: number;
  timeoutMs: number;
}

/** What a workflow that names no `maxReplans` has. */
export const MAX_REPLANS = 2;

/** How much this workflow may ever touch: its blast radius. Money per currency, as decimal strings. */
export interface WorkflowLimits {
  amountPerAction: Readonly<Record<string, string>>;
  recordsPerAction: number;
  /** Of all commits granted in one user's session of this workflow. */
  amountPerSession?: Readonly<Record<string, string>>;
  recordsPerSession?: number;
}

/**
 * How much may be done on one day (UTC), in number and money, whatever sessions it is asked for in. What is over is denied as
 * RATE_LIMITED until the next day begins, and what no day would let through as LIMIT_EXCEEDED. Charged when a commit, or a read it
 * names, is granted; given back when nothing came of it. Dry runs are never counted.
 */
export interface Budget {
  /** Kebab-case, unique in the workflow. */
  readonly name: string;
  /** Whom it is counted for: each user, each tenant, or each tool of each tenant. */
  readonly per: 'user' | 'tenant' | 'tool';
  /** The tools it counts; all that change state if absent. Reads are counted where they are named. */
  readonly tools?: readonly string[];
  readonly actionsPerDay?: number;
  readonly recordsPerDay?: number;
  /** Money per currency, as decimal strings; a currency that is not named has none left. */
  readonly amountPerDay?: Readonly<Record<string, string>>;
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
  /** How often an action on stale context is planned anew before a person is asked; `MAX_REPLANS` if absent. */
  readonly maxReplans?: number;
  readonly limits: WorkflowLimits;
  readonly budgets?: readonly Budget[];
  readonly approval: {
    expiresInMs: number;
    /**
     * Who says which roles people have when an approval took longer than a minute: the tools' `directory` (if absent), or the tokens they came
     * with. By tokens, whoever lost a role meanwhile is not noticed until the item expires.
     */
    roles?: 'token';
  };
  /**
   * `outside`: who plans is no planner of ours but an agent that asks for one tool call after the other. No model is asked about what its
   * user says; what the user said and what was read in a session counts for each action that is asked for in it.
   */
  readonly agent?: 'outside';
  /** By tool: how a question by AuthZEN becomes a call of it. A tool that is not named here cannot be asked about. */
  readonly access?: Readonly<Record<string, AccessMapping>>;
}

/**
 * Declares a workflow. Throws with everything that is wrong, its tools' contracts included: names that mean nothing, sources
 * that show what their tool does not give, `done` of a tool it does not have, limits that are none.
 */
export function defineWorkflow(workflow: Workflow): Workflow {
  const flaws = workflowFlaws(workflow);
  if (flaws.length > 0) throw new Error(`workflow ${workflow.name} is not fit: ${flaws.join('; ')}`);
  return Object.freeze(workflow);
}

/** The policy version: a digest over all that a decision hangs on: the rules as they run, permission maps, limits and trust. */
export function policyVersionOf(workflow: Workflow): string {
  return digest({
    rules: workflow.rules.map((rule) => ({
      name: rule.name,
      tools: rule.tools ?? null,
      needs: rule.needs ?? null,
      history: rule.history?.toString() ?? null,
      decide: rule.decide.toString(),
    })),
    permissions: workflow.tools.map((tool) => ({
      name: tool.name,
      version: tool.version,
      permissions: tool.permissions,
      blast: tool.blast?.toString() ?? null,
      narrows: tool.narrows?.toString() ?? null,
      ...(tool.decides ? { decides: tool.decides } : {}),
      ...(tool.trust ? { trust: tool.trust } : {}),
      ...(tool.freeNames ? { freeNames: tool.freeNames } : {}),
    })),
    roles: workflow.roles,
    limits: workflow.limits,
    budgets: workflow.budgets ?? null,
    sources: (workflow.sources ?? []).map(({ name, tool, record, fields }) => ({ name, tool, record, fields })),
    maxReplans: workflow.maxReplans ?? null,
    ...(workflow.agent ? { agent: workflow.agent } : {}),
    ...(workflow.approval.roles ? { rolesBy: workflow.approval.roles } : {}),
  });
}
