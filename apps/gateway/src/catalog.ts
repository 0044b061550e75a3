import { z } from 'zod';
import { DATA_CLASSES } from '@countersign/contracts';
import type { Source } from '@countersign/context';
import { fieldClasses, inputJsonSchema, type ToolContract } from '@countersign/tool-sdk';
import { MAX_REPLANS, type LoadedWorkflow } from '@countersign/workflow-kit';

const text = z.string();
const amounts = z.record(text, text);
const jsonSchema = z.record(text, z.unknown());

/** Where a workflow stands. Stages and releases are not read from the control topic yet, so neither is known. */
const standing = { fingerprint: text, stage: z.null(), release: z.null() };

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

export const toolSchema = z.object({
  workflow: text,
  name: text,
  version: text,
  description: text,
  effect: z.enum(['read', 'write', 'egress']),
  class: z.enum(['A', 'B', 'C', 'D']).nullable(),
  reversible: z.boolean(),
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
  ...standing,
});

export const workflowSchema = z.object({
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
    amountPerDay: amounts.optional(),
    recordsPerDay: z.int().optional(),
  }),
  model: z.object({ temperature: z.number(), maxTurns: z.int(), tokenBudget: z.int(), timeoutMs: z.int() }),
  maxReplans: z.int(),
  approval: z.object({ expiresInMs: z.number() }),
  policyVersion: text,
  ...standing,
});

const NOT_KNOWN = { stage: null, release: null };

/** Every tool of a workflow as data: what may be called, with which arguments, by whom, and who may let it. */
export const toolViews = (loaded: LoadedWorkflow): z.infer<typeof toolSchema>[] =>
  loaded.workflow.tools.map((tool) => toolView(tool, loaded));

function toolView(tool: ToolContract, { workflow, fingerprint }: LoadedWorkflow): z.infer<typeof toolSchema> {
  const { name, version, description, effect, reversible, target, permissions, input } = tool;
  const own = workflow.sources?.find((candidate) => candidate.tool === name);
  return toolSchema.parse({
    workflow: workflow.name,
    name,
    version,
    description,
    effect,
    class: tool.class ?? null,
    reversible,
    target,
    permissions: { approvals: {}, restricted: [], ...permissions },
    input: inputJsonSchema(tool),
    dataClasses: fieldClasses(input),
    source: own ? sourceView(own) : null,
    done: workflow.done?.[name] ?? null,
    fingerprint,
    ...NOT_KNOWN,
  });
}

const sourceView = ({ steps = [], ...rest }: Source) => ({ ...rest, steps });

/** A workflow as data; never its prompt. */
export function workflowView(loaded: LoadedWorkflow): z.infer<typeof workflowSchema> {
  const { workflow, policyVersion, fingerprint } = loaded;
  const { tools, rules, sources = [], done = {}, maxReplans = MAX_REPLANS } = workflow;
  return workflowSchema.parse({
    ...workflow,
    tools: tools.map((tool) => tool.name),
    rules: rules.map((rule) => ({ name: rule.name, title: rule.title, tools: rule.tools ?? null })),
    sources: sources.map(sourceView),
    done,
    maxReplans,
    policyVersion,
    fingerprint,
    ...NOT_KNOWN,
  });
}
