import { Controller, Get, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import type { Person } from '@countersign/contracts';
import {
  detailOf,
  eventsOfTrace,
  explanationOf,
  holds,
  placeOf,
  traceOf,
  traceOutlineOf,
  type Explanation,
  type TraceOutline,
  type TraceView,
} from '@countersign/evidence';
import { listView } from './list-view.js';
import { parsed } from './parsed.js';
import { eventsQuery, facetsQuery, parseQuery } from './query.js';
import { Traces } from './read-model.js';
import type { TraceFacets } from './search/facets.js';
import { seesAll } from './shown-to.js';

@Controller('v1')
@UseGuards(IdentityGuard)
export class TraceController {
  constructor(@Inject(Traces) private readonly traces: Traces) {}

  @Get('traces')
  async list(@Caller() { person }: CallerIdentity, @Query() given: unknown) {
    const { query, after } = parseQuery(given);
    if (!asksOwn(query.tenant, person)) return { data: [], nextCursor: null };
    return this.traces.as(person, async (store) => {
      const begun = await store.search(query, after);
      const others = await store.of(begun.slice(0, query.limit));
      return listView(begun, others, query.limit);
    });
  }

  @Get('traces/facets')
  async facets(@Caller() { person }: CallerIdentity, @Query() given: unknown): Promise<TraceFacets> {
    const query = parsed(facetsQuery, given, 'query');
    if (!asksOwn(query.tenant, person)) return NOTHING;
    return this.traces.as(person, (store) => store.facets(query));
  }

  @Get('traces/:intentId/outline')
  async outline(@Caller() { person }: CallerIdentity, @Param('intentId') intentId: string): Promise<TraceOutline> {
    return thereIs(await this.traces.as(person, (store) => traceOutlineOf(store, intentId)), intentId);
  }

  @Get('traces/:intentId/events')
  async events(@Caller() { person }: CallerIdentity, @Param('intentId') intentId: string, @Query() given: unknown) {
    const { place, text, limit } = parsed(eventsQuery, given, 'query');
    const all = thereIs(await this.traces.as(person, (store) => eventsOfTrace(store, intentId)), intentId);
    const found = all.filter(
      ({ row }) => (place === undefined || placeOf(row) === place) && (text === undefined || holds(row, text)),
    );
    return { data: found.slice(0, limit).map(detailOf), places: found.map(({ row }) => placeOf(row)) };
  }

  @Get('traces/:intentId')
  async show(@Caller() { person }: CallerIdentity, @Param('intentId') intentId: string): Promise<TraceView> {
    return thereIs(await this.traces.as(person, (store) => traceOf(store, intentId)), intentId);
  }

  @Get('actions/:actionId/explanation')
  async explanation(@Caller() { person }: CallerIdentity, @Param('actionId') actionId: string): Promise<Explanation> {
    const explanation = await this.traces.as(person, (store) => explanationOf(store, actionId));
    if (explanation) return explanation;
    throw new HttpProblem('NOT_FOUND', `no event of an action ${actionId.slice(0, 100)} is stored that you may see`);
  }
}

const NOTHING: TraceFacets = { traces: 0, more: false, tool: [], rule: [], code: [], outcome: [], actor: [], day: [] };

/** Nobody sees another tenant's; what was never accepted is theirs who see everyone's. */
const asksOwn = (tenant: string | undefined, person: Person) =>
  tenant === undefined || tenant === person.tenant || (tenant === 'unverified' && seesAll(person));

function thereIs<T>(trace: T | undefined, intentId: string): T {
  if (trace !== undefined) return trace;
  throw new HttpProblem('NOT_FOUND', `there is no trace of ${intentId.slice(0, 100)} that you may see`);
}
