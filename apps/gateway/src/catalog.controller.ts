import { Controller, Get, Inject, UseGuards } from '@nestjs/common';
import { IdentityGuard } from '@countersign/identity';
import { fieldClasses, inputJsonSchema, type ToolContract } from '@countersign/tool-sdk';
import type { LoadedWorkflow } from '@countersign/workflow-kit';

export const WORKFLOWS = Symbol('loaded-workflows');
export type Workflows = ReadonlyMap<string, LoadedWorkflow>;

/** Contracts as data: what the model may call, with which arguments, and who may let it. */
@Controller('v1')
@UseGuards(IdentityGuard)
export class CatalogController {
  constructor(@Inject(WORKFLOWS) private readonly loaded: Workflows) {}

  @Get('tools')
  tools() {
    const data = [...this.loaded.values()].flatMap(({ workflow }) =>
      workflow.tools.map((tool) => ({ workflow: workflow.name, ...toolView(tool) })),
    );
    return { data, nextCursor: null };
  }

  @Get('workflows')
  workflows() {
    return { data: [...this.loaded.values()].map(workflowView), nextCursor: null };
  }
}

export function toolView(tool: ToolContract) {
  const { name, version, description, effect, reversible, target, permissions, input } = tool;
  return {
    name,
    version,
    description,
    effect,
    class: tool.class ?? null,
    reversible,
    target,
    permissions,
    input: inputJsonSchema(tool),
    dataClasses: fieldClasses(input),
  };
}

export function workflowView({ workflow, policyVersion, fingerprint }: LoadedWorkflow) {
  const { name, version, title, roles, tools, rules, limits, model, approval } = workflow;
  return {
    name,
    version,
    title,
    roles,
    tools: tools.map((tool) => tool.name),
    rules: rules.map((rule) => ({ name: rule.name, title: rule.title, tools: rule.tools ?? null })),
    limits,
    model,
    approval,
    policyVersion,
    fingerprint,
  };
}
