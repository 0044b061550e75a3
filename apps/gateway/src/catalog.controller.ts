import { Controller, Get, Inject, UseGuards } from '@nestjs/common';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { toolViews, workflowView, type ToolView, type WorkflowView } from './catalog.js';
import { ControlAcks } from './control-acks.js';
import { stagesFor } from './control-shown.js';

export const WORKFLOWS = Symbol('loaded-workflows');
export type Workflows = ReadonlyMap<string, LoadedWorkflow>;

/** Contracts as data, for whoever calls them and whoever approves. They are the product's, the same for every tenant; the stage is not. */
@Controller('v1')
@UseGuards(IdentityGuard)
export class CatalogController {
  private readonly tools: ToolView[];
  private readonly workflows: WorkflowView[];

  constructor(
    @Inject(WORKFLOWS) loaded: Workflows,
    @Inject(ControlAcks) private readonly acks: ControlAcks,
  ) {
    this.tools = [...loaded.values()].flatMap(toolViews);
    this.workflows = [...loaded.values()].map(workflowView);
  }

  @Get('tools')
  async listTools(@Caller() caller: CallerIdentity) {
    const stageOf = await this.stages(caller);
    return { data: this.tools.map((tool) => ({ ...tool, stage: stageOf(tool.workflow) })), nextCursor: null };
  }

  @Get('workflows')
  async listWorkflows(@Caller() caller: CallerIdentity) {
    const stageOf = await this.stages(caller);
    return { data: this.workflows.map((each) => ({ ...each, stage: stageOf(each.name) })), nextCursor: null };
  }

  private async stages({ person: { tenant } }: CallerIdentity) {
    return stagesFor(await this.acks.latest({ tenant }), tenant);
  }
}
