import {
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  Optional,
  Param,
  Post,
  Query,
  Res,
  UseGuards,
} from '@nestjs/common';
import { IdentityGuard, RequireRole } from '@countersign/identity';
import { Messaging, type ParkedEntry } from '@countersign/messaging';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { HttpProblem } from './problem.js';

/** Injection token of a registry of the service's own, beside the messaging's. */
export const METRICS: unique symbol = Symbol('METRICS');

const processMetrics = new Registry();
collectDefaultMetrics({ register: processMetrics });
const MAX_PAGE = 500;

/** Whether a service lives and makes progress, on its own port. */
@Controller()
export class HealthController {
  constructor(
    @Optional() @Inject(Messaging) private readonly messaging: Messaging | undefined,
    @Optional() @Inject(METRICS) private readonly own: Registry | undefined,
  ) {}

  @Get('healthz')
  alive() {
    return { alive: true };
  }

  @Get('readyz')
  async ready(@Res({ passthrough: true }) reply: { status(code: number): unknown }) {
    if (!this.messaging) return { ready: true };
    const report = await this.messaging.health();
    if (!report.ready) reply.status(503);
    return report;
  }

  @Get('metrics')
  @Header('content-type', processMetrics.contentType)
  async metrics(): Promise<string> {
    const registries = [processMetrics, this.messaging?.metrics.registry, this.own].filter(
      (registry) => registry !== undefined,
    );
    return Registry.merge(registries).metrics();
  }
}

/** Who may see what is parked, and try it again. */
export const OPERATORS = ['sre', 'release', 'auditor', 'admin'] as const;

/** What a service has set aside, on its own port. The gateway, which answers for all, has its own. */
@Controller()
@UseGuards(IdentityGuard)
@RequireRole(...OPERATORS)
export class ParkedController {
  constructor(@Optional() @Inject(Messaging) private readonly messaging: Messaging | undefined) {}

  @Get('v1/parked')
  async list(
    @Query('limit') limit?: string,
    @Query('cursor') cursor?: string,
  ): Promise<{ data: ParkedEntry[]; nextCursor: string | null }> {
    const size = limit === undefined ? 100 : Number(limit);
    if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE)
      throw new HttpProblem('INVALID_ARGUMENTS', `limit is a number from 1 to ${MAX_PAGE}`);
    const data = (await this.messaging?.parked.list(size, cursor)) ?? [];
    return { data, nextCursor: data.length === size ? data.at(-1)!.id : null };
  }

  @Get('v1/parked/:id')
  async show(@Param('id') id: string): Promise<ParkedEntry> {
    const entry = await this.messaging?.parked.show(id);
    if (!entry) throw new HttpProblem('NOT_FOUND', `nothing is parked as ${id}`);
    return entry;
  }

  @Post('v1/parked/:id/redrive')
  @HttpCode(200)
  async redrive(@Param('id') id: string) {
    const redriven = await this.messaging?.parked.redrive(id);
    if (!redriven) throw new HttpProblem('NOT_FOUND', `nothing is parked as ${id}`);
    return redriven;
  }
}
