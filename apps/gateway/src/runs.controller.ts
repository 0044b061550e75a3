import { Controller, Get, Inject, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { HttpProblem } from '@countersign/host';
import { IdentityGuard } from '@countersign/identity';
import { ControlAcks } from './control-acks.js';
import { releasesOf, runsOf, type RunShown } from './releases.js';

const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.coerce.number().int().nonnegative().optional(),
  workflow: z.string().min(1).max(100).optional(),
});

/** What was released, and the runs of the evals that it was released on. They are the product's, the same for every tenant. */
@Controller('v1/evals/runs')
@UseGuards(IdentityGuard)
export class RunsController {
  constructor(@Inject(ControlAcks) private readonly acks: ControlAcks) {}

  @Get()
  async list(@Query() asked: unknown): Promise<{ data: RunShown[]; nextCursor: string | null }> {
    const { success, data } = query.safeParse(asked ?? {});
    if (!success)
      throw new HttpProblem(
        'INVALID_ARGUMENTS',
        'limit: 1 to 200; cursor: the nextCursor of the page before; workflow',
      );
    const { limit, cursor = Infinity, workflow } = data;
    const runs = runsOf(releasesOf(await this.acks.releases())).filter(
      (run) => run.epoch < cursor && (workflow === undefined || run.workflow === workflow),
    );
    const page = runs.slice(0, limit);
    return { data: page, nextCursor: runs.length > limit ? String(page.at(-1)!.epoch) : null };
  }
}
