import { Controller, Delete, Get, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import type { Person } from '@countersign/contracts';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import { explain, type Explanation } from './explain/explain.js';
import { parseQuery } from './query.js';
import { seesAll, TraceStore } from './read-model.js';
import type { RecordRow } from './record.entity.js';
import { decoded, sortOut, type Sorted } from './trace.js';
import { listView, traceView, type TraceView } from './views.js';

@Controller('v1')
@UseGuards(IdentityGuard)
export class TraceController {
  constructor(@Inject(TraceStore) private readonly store: TraceStore) {}

  @Get('traces')
  async list(@Caller() { person }: CallerIdentity, @Query() given: unknown) {
    const { query, after } = parseQuery(given);
    const visible =
      query.tenant === undefined ||
      query.tenant === person.tenant ||
      (query.tenant === 'unverified' && seesAll(person));
    if (!visible) return { data: [], nextCursor: null };
    const begun = await this.store.search(person, query, after);
    const others = await this.store.of(begun.slice(0, query.limit).map(({ intent }) => intent!));
    return listView(begun, others, query.limit);
  }

  @Get('traces/:intentId')
  async show(@Caller() { person }: CallerIdentity, @Param('intentId') intentId: string): Promise<TraceView> {
    const begin = await this.store.begin(person, intentId);
    if (!begin) throw new HttpProblem('NOT_FOUND', `there is no trace of ${intentId.slice(0, 100)} that you may see`);
    return traceView(begin, await this.sorted(begin, intentId));
  }

  @Get('actions/:actionId/explanation')
  async explanation(@Caller() { person }: CallerIdentity, @Param('actionId') actionId: string): Promise<Explanation> {
    for (const intentId of await this.store.intentsOf(actionId)) {
      const explanation = await this.explained(person, intentId, actionId);
      if (explanation) return explanation;
    }
    throw new HttpProblem('NOT_FOUND', `no event of an action ${actionId.slice(0, 100)} is stored that you may see`);
  }

  @Post('traces/:id/reveals')
  reveal(): never {
    throw new HttpProblem('NOT_BUILT', 'opening sealed fields is not built yet');
  }

  @Delete('subjects/:id')
  erase(): never {
    throw new HttpProblem('NOT_BUILT', 'erasing a data subject is not built yet');
  }

  @Get(['audit/verify', 'audit/proofs/:eventId', 'audit/export'])
  prove(): never {
    throw new HttpProblem('NOT_BUILT', 'proofs and the export of the trace are not built yet');
  }

  private async explained(person: Person, intentId: string, actionId: string): Promise<Explanation | undefined> {
    const begin = await this.store.begin(person, intentId);
    const tenant = begin?.tenant ?? (await this.store.tenantWithoutBegin(person, intentId));
    if (tenant === undefined) return undefined;
    return explain(actionId, (await this.sorted(begin, intentId, tenant)).records);
  }

  private async sorted(begin: RecordRow | null, intentId: string, tenant = begin!.tenant): Promise<Sorted> {
    const rows = await this.store.trace(intentId);
    return sortOut([...(begin ? await this.rawElsewhere(begin, rows) : []), ...rows], tenant);
  }

  /** A request under a tenant that proved not to be its own is filed under another id: policy's answer names it. */
  private async rawElsewhere(begin: RecordRow, rows: RecordRow[]): Promise<RecordRow[]> {
    if (rows.some(({ topic }) => topic === 'intents')) return [];
    const { source, requestId } = (decoded(begin)?.event.data ?? {}) as { source?: string; requestId?: string };
    return source && requestId ? this.store.raw(source, requestId) : [];
  }
}
