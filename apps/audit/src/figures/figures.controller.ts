import { Controller, Get, Inject, Query, UseGuards } from '@nestjs/common';
import type { Approvers, MetricsSeries, MetricsSummary } from '@countersign/contracts';
import { Caller, IdentityGuard, RequireRole, type CallerIdentity } from '@countersign/identity';
import { Figures } from './figures.js';
import { parseRange, parseSeries } from './range.js';

const OVERSEERS = ['support-lead', 'auditor', 'sre', 'admin', 'release'] as const;

@Controller('v1')
@UseGuards(IdentityGuard)
export class FiguresController {
  constructor(@Inject(Figures) private readonly figures: Figures) {}

  @Get('metrics/summary')
  @RequireRole(...OVERSEERS)
  summary(@Caller() { person }: CallerIdentity, @Query() query: unknown): Promise<MetricsSummary> {
    const now = new Date();
    return this.figures.summary(person, parseRange(query, now), now);
  }

  @Get('metrics/series')
  @RequireRole(...OVERSEERS)
  series(@Caller() { person }: CallerIdentity, @Query() query: unknown): Promise<MetricsSeries> {
    return this.figures.series(person, parseSeries(query, new Date()));
  }

  /** The gateway's half of an access review: it knows what the workflows ask for. */
  @Get('approvers')
  @RequireRole('auditor', 'admin')
  approvers(@Caller() { person }: CallerIdentity): Promise<Approvers> {
    return this.figures.approvers(person);
  }
}
