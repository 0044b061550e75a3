import { Controller, Get, Inject, UseGuards } from '@nestjs/common';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { toolViews, workflowView, type ToolView, type WorkflowView } from './catalog.js';
import { ControlAcks } from './control-acks.js';
import { stagesFor } from './control-shown.js';
import { releasesOf, shownTo, workflowOf } from './releases.js';

export const WORKFLOWS = Symbol('loaded-workflows');
export type Workflows = ReadonlyMap<string, LoadedWorkflow>;

/** Contracts as data, for whoever calls them and whoever approves. They are the product's, the same for every tenant, and so is what is released; the stage is not. */
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
    const standingOf = await this.standings(caller);
    return {
      data: this.tools.map((tool) => ({ ...tool, ...standingOf(tool.workflow, tool.fingerprint) })),
      nextCursor: null,
    };
  }

  @Get('workflows')
  async listWorkflows(@Caller() caller: CallerIdentity) {
    const standingOf = await this.standings(caller);
    return {
      data: this.workflows.map((each) => ({ ...each, ...standingOf(each.name, each.fingerprint) })),
      nextCursor: null,
    };
  }

  private async standings({ person: { tenant } }: CallerIdentity) {
    const [latest, released] = await Promise.all([this.acks.latest({ tenant }), this.acks.releases()]);
    const stageOf = stagesFor(latest, tenant);
    const rows = new Map(releasesOf(released).map((row) => [workflowOf(row), row]));
    return (workflow: string, fingerprint: string) => ({
      stage: stageOf(workflow),
      release: shownTo(rows.get(workflow), fingerprint),
    });
  }
}
