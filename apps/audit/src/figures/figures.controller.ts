import { Controller, Get, Inject, Query, UseGuards } from '@nestjs/common';
import type { Approvers, MetricsSummary } from '@countersign/contracts';
import { Caller, IdentityGuard, RequireRole, type CallerIdentity } from '@countersign/identity';
import { Figures } from './figures.js';
import { parseRange } from './range.js';

@Controller('v1')
@UseGuards(IdentityGuard)
export class FiguresController {
  constructor(@Inject(Figures) private readonly figures: Figures) {}

  @Get('metrics/summary')
  @RequireRole('support-lead', 'auditor', 'sre', 'admin', 'release')
  summary(@Caller() { person }: CallerIdentity, @Query() query: unknown): Promise<MetricsSummary> {
    const now = new Date();
    return this.figures.summary(person, parseRange(query, now), now);
  }

  /** The gateway's half of an access review: it knows what the workflows ask for. */
  @Get('approvers')
  @RequireRole('auditor', 'admin')
  approvers(@Caller() { person }: CallerIdentity): Promise<Approvers> {
    return this.figures.approvers(person);
  }
}
