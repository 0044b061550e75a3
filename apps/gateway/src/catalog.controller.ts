import { Controller, Get, Inject, UseGuards } from '@nestjs/common';
import { IdentityGuard } from '@countersign/identity';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { toolViews, workflowView } from './catalog.js';

export const WORKFLOWS = Symbol('loaded-workflows');
export type Workflows = ReadonlyMap<string, LoadedWorkflow>;

/** Contracts as data, for whoever calls them and whoever approves. They are the product's, the same for every tenant. */
@Controller('v1')
@UseGuards(IdentityGuard)
export class CatalogController {
  private readonly tools;
  private readonly workflows;

  constructor(@Inject(WORKFLOWS) loaded: Workflows) {
    this.tools = { data: [...loaded.values()].flatMap(toolViews), nextCursor: null };
    this.workflows = { data: [...loaded.values()].map(workflowView), nextCursor: null };
  }

  @Get('tools')
  listTools() {
    return this.tools;
  }

  @Get('workflows')
  listWorkflows() {
    return this.workflows;
  }
}
