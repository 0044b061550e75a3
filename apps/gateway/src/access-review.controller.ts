import { Controller, Get, HttpException, Inject, Query, Res, UseGuards } from '@nestjs/common';
import { accessReviewCsv, approvers, type AccessReview } from '@countersign/contracts';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, RequireRole, type CallerIdentity } from '@countersign/identity';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { accessLines } from './access-review.js';
import { WORKFLOWS, type Workflows } from './catalog.controller.js';
import { toolViews, type ToolView } from './catalog.js';
import { REVIEWERS } from './routes.js';
import { Services } from './services.js';

const query = z.strictObject({ format: z.enum(['json', 'csv']).default('json') });

@Controller('v1')
@UseGuards(IdentityGuard)
@RequireRole(...REVIEWERS)
export class AccessReviewController {
  private readonly tools: ToolView[];

  constructor(
    @Inject(WORKFLOWS) loaded: Workflows,
    @Inject(Services) private readonly services: Services,
  ) {
    this.tools = [...loaded.values()].flatMap(toolViews);
  }

  @Get('access-review')
  async review(
    @Caller() { person: { tenant }, token }: CallerIdentity,
    @Query() asked: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccessReview | string> {
    const parsed = query.safeParse(asked ?? {});
    if (!parsed.success) throw new HttpProblem('INVALID_ARGUMENTS', 'format: json or csv');
    const { status, body } = await this.services.ask('audit', '/v1/approvers', token);
    if (status !== 200) throw new HttpException(body as Record<string, unknown>, status);
    const data = accessLines(this.tools, approvers.parse(body));
    if (parsed.data.format === 'json') return { tenant, at: new Date().toISOString(), data, nextCursor: null };
    void reply.header('content-type', 'text/csv; charset=utf-8').header('content-disposition', ATTACHED);
    return accessReviewCsv(data);
  }
}

const ATTACHED = 'attachment; filename="access-review.csv"';
