import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { runReportSchema } from '@countersign/evals';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, RequireRole, type CallerIdentity } from '@countersign/identity';
import { ControlAcks } from './control-acks.js';
import { releasesOf, runsOf, type RunShown } from './releases.js';
import { OVERSEERS, RELEASERS } from './routes.js';
import { allRuns, detailOf, keyOf, type RunDetail } from './run-shown.js';
import { flawOf, ToldRuns } from './told-runs.js';

const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().min(1).max(200).optional(),
  workflow: z.string().min(1).max(100).optional(),
});
const beside = z.strictObject({ baseline: z.string().min(1).max(200).optional() });
const PAGE = 'limit: 1 to 200; cursor: the nextCursor of the page before; workflow';
const wrong = (detail: string, nextStep?: string) =>
  new HttpProblem('INVALID_ARGUMENTS', detail, nextStep === undefined ? {} : { nextStep });

interface Page {
  data: RunShown[];
  nextCursor: string | null;
}

/** What was released, and the runs of the evals. What is released is the product's, the same for every tenant; its cases are the tenant's that told them. */
@Controller('v1/evals/runs')
@UseGuards(IdentityGuard)
export class RunsController {
  constructor(
    @Inject(ControlAcks) private readonly acks: ControlAcks,
    @Inject(ToldRuns) private readonly told: ToldRuns,
  ) {}

  @Get()
  async list(@Caller() { person }: CallerIdentity, @Query() asked: unknown): Promise<Page> {
    const { success, data } = query.safeParse(asked ?? {});
    if (!success) throw wrong(PAGE);
    const { limit, cursor, workflow } = data;
    const runs = (await this.all(person.tenant)).filter((run) => !workflow || run.workflow === workflow);
    const from = cursor === undefined ? 0 : runs.findIndex((run) => keyOf(run) === cursor) + 1;
    if (cursor !== undefined && from === 0) throw wrong(PAGE);
    const page = runs.slice(from, from + limit);
    return { data: page, nextCursor: runs.length > from + limit ? keyOf(page.at(-1)!) : null };
  }

  /** A report as `evals run --report` writes it. */
  @Post()
  @HttpCode(200)
  @RequireRole(...RELEASERS)
  async tell(@Caller() { person }: CallerIdentity, @Body() body: unknown): Promise<Page> {
    const parsed = runReportSchema.safeParse(body);
    const flaw = parsed.success ? flawOf(parsed.data) : parsed.error.issues[0]!.path.join('.');
    if (!parsed.success || flaw)
      throw wrong(
        `it is no report of a whole run: ${flaw}`,
        'Send what `evals run --report FILE` wrote, of all cases.',
      );
    const ids = await this.told.keep(person, parsed.data);
    return { data: (await this.all(person.tenant)).filter(({ id }) => id && ids.includes(id)), nextCursor: null };
  }

  @Get(':id')
  @RequireRole(...OVERSEERS)
  async show(
    @Caller() { person }: CallerIdentity,
    @Param('id') id: string,
    @Query() asked: unknown,
  ): Promise<RunDetail> {
    const { success, data } = beside.safeParse(asked ?? {});
    if (!success) throw wrong('baseline: the id of another run of the workflow');
    const runs = await this.all(person.tenant);
    const seen = await this.known(person.tenant, runs, id);
    const before = data.baseline === undefined ? undefined : await this.known(person.tenant, runs, data.baseline);
    if (before && before.shown.workflow !== seen.shown.workflow)
      throw wrong('the baseline is of another workflow', 'Compare two runs of one workflow.');
    return detailOf(seen.shown, seen.run, before);
  }

  private async all(tenant: string): Promise<RunShown[]> {
    const [releases, told] = await Promise.all([this.acks.releases(), this.told.list(tenant)]);
    return allRuns(runsOf(releasesOf(releases)), told);
  }

  private async known(tenant: string, runs: readonly RunShown[], id: string) {
    // PostgreSQL takes no U+0000, and no run is called so.
    const found = id.includes('\u0000') ? undefined : await this.told.find(tenant, id);
    const shown = runs.find((run) => run.id === id);
    if (!found || !shown)
      throw new HttpProblem('NOT_FOUND', `there is no run ${id.slice(0, 100)} whose cases you may see`);
    return { shown, run: found.run };
  }
}
