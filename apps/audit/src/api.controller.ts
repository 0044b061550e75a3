import { Controller, Get, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import { explanationOf, traceOf, type Explanation, type TraceView } from '@countersign/evidence';
import { listView } from './list-view.js';
import { parseQuery } from './query.js';
import { Traces } from './read-model.js';
import { seesAll } from './shown-to.js';

@Controller('v1')
@UseGuards(IdentityGuard)
export class TraceController {
  constructor(@Inject(Traces) private readonly traces: Traces) {}

  @Get('traces')
  async list(@Caller() { person }: CallerIdentity, @Query() given: unknown) {
    const { query, after } = parseQuery(given);
    const visible =
      query.tenant === undefined ||
      query.tenant === person.tenant ||
      (query.tenant === 'unverified' && seesAll(person));
    if (!visible) return { data: [], nextCursor: null };
    return this.traces.as(person, async (store) => {
      const begun = await store.search(query, after);
      const others = await store.of(begun.slice(0, query.limit));
      return listView(begun, others, query.limit);
    });
  }

  @Get('traces/:intentId')
  async show(@Caller() { person }: CallerIdentity, @Param('intentId') intentId: string): Promise<TraceView> {
    const trace = await this.traces.as(person, (store) => traceOf(store, intentId));
    if (!trace) throw new HttpProblem('NOT_FOUND', `there is no trace of ${intentId.slice(0, 100)} that you may see`);
    return trace;
  }

  @Get('actions/:actionId/explanation')
  async explanation(@Caller() { person }: CallerIdentity, @Param('actionId') actionId: string): Promise<Explanation> {
    const explanation = await this.traces.as(person, (store) => explanationOf(store, actionId));
    if (explanation) return explanation;
    throw new HttpProblem('NOT_FOUND', `no event of an action ${actionId.slice(0, 100)} is stored that you may see`);
  }
}
