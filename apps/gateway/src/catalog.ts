import { z } from 'zod';
import { DATA_CLASSES, STAGES } from '@countersign/contracts';
import type { Source } from '@countersign/context';
import { fieldClasses, inputJsonSchema, type ToolContract } from '@countersign/tool-sdk';
import { MAX_REPLANS, type LoadedWorkflow } from '@countersign/workflow-kit';
import { releaseShown } from './releases.js';

const text = z.string();
const amounts = z.record(text, text);
const jsonSchema = z.record(text, z.unknown());

/** Where it stands: the stage is that for the caller's tenant. */
const standing = { stage: z.enum(STAGES), release: releaseShown };

/** Per day (UTC); `tools`: what it counts, null for all that change state. */
const budget = z.object({
  name: text,
  per: z.enum(['user', 'tenant', 'tool']),
  tools: z.array(text).nullable(),
  actionsPerDay: z.int().optional(),
  recordsPerDay: z.int().optional(),
  amountPerDay: amounts.optional(),
});

const approvalNeed = z.object({
  when: text,
  roles: z.array(text),
  over: text.optional(),
  oneOf: z.array(text).optional(),
  always: z.literal(true).optional(),
  approvals: z.int().positive().optional(),
});

const source = z.object({
  name: text,
  tool: text,
  argument: text,
  record: text,
  /** Field → whose words it holds. */
  fields: z.record(text, z.enum(['system', 'user', 'untrusted'])),
  steps: z.array(z.object({ tools: z.array(text), fields: z.array(text) })),
  freshForMs: z.number(),
});

const toolContract = z.object({
  workflow: text,
  name: text,
  version: text,
  description: text,
  effect: z.enum(['read', 'write', 'egress']),
  class: z.enum(['A', 'B', 'C', 'D']).nullable(),
  reversible: z.boolean(),
  /** Whether some edits only take away: then who made one may approve it too. */
  narrows: z.boolean(),
  target: text,
  permissions: z.object({
    roles: z.array(text),
    approvals: z.record(text, approvalNeed),
    restricted: z.array(text),
  }),
  input: jsonSchema,
  dataClasses: z.record(text, z.enum(DATA_CLASSES)),
  source: source.nullable(),
  /** What "done" means after a commit, in system-of-record terms. */
  done: text.nullable(),
  fingerprint: text,
});

const workflowContract = z.object({
  name: text,
  version: text,
  title: text,
  roles: z.array(text),
  tools: z.array(text),
  rules: z.array(z.object({ name: text, title: text, tools: z.array(text).nullable() })),
  sources: z.array(source),
  done: z.record(text, text),
  limits: z.object({
    amountPerAction: amounts,
    recordsPerAction: z.int(),
    amountPerSession: amounts.optional(),
    recordsPerSession: z.int().optional(),
  }),
  budgets: z.array(budget),
  model: z.object({ temperature: z.number(), maxTurns: z.int(), tokenBudget: z.int(), timeoutMs: z.int() }),
  maxReplans: z.int(),
  approval: z.object({ expiresInMs: z.number() }),
  policyVersion: text,
  fingerprint: text,
});

export const toolSchema = toolContract.extend(standing);
export const workflowSchema = workflowContract.extend(standing);
export type ToolView = z.infer<typeof toolContract>;
export type WorkflowView = z.infer<typeof workflowContract>;

/** Every tool of a workflow as data: what may be called, with which arguments, by whom, and who may let it. */
export const toolViews = (loaded: LoadedWorkflow): ToolView[] =>
  loaded.workflow.tools.map((tool) => toolView(tool, loaded));

function toolView(tool: ToolContract, { workflow, fingerprint }: LoadedWorkflow): ToolView {
  const { name, version, description, effect, reversible, target, permissions, input } = tool;
  const own = workflow.sources?.find((candidate) => candidate.tool === name);
  return toolContract.parse({
    workflow: workflow.name,
    name,
    version,
    description,
    effect,
    class: tool.class ?? null,
    reversible,
    narrows: tool.narrows !== undefined,
    target,
    permissions: { approvals: {}, restricted: [], ...permissions },
    input: inputJsonSchema(tool),
    dataClasses: fieldClasses(input),
    source: own ? sourceView(own) : null,
    done: workflow.done?.[name] ?? null,
    fingerprint,
  });
}

const sourceView = ({ steps = [], ...rest }: Source) => ({ ...rest, steps });

/** A workflow as data; never its prompt. */
export function workflowView(loaded: LoadedWorkflow): WorkflowView {
  const { workflow, policyVersion, fingerprint } = loaded;
  const { tools, rules, sources = [], done = {}, maxReplans = MAX_REPLANS, budgets = [] } = workflow;
  return workflowContract.parse({
    ...workflow,
    tools: tools.map((tool) => tool.name),
    rules: rules.map((rule) => ({ name: rule.name, title: rule.title, tools: rule.tools ?? null })),
    sources: sources.map(sourceView),
    done,
    budgets: budgets.map(({ tools: counted = null, ...rest }) => ({ ...rest, tools: counted })),
    maxReplans,
    policyVersion,
    fingerprint,
  });
}
