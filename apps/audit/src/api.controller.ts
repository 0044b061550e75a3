import { Controller, Delete, Get, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import {
  citedControl,
  decoded,
  eventsOf,
  explain,
  scopesOf,
  sortOut,
  stoppedActions,
  storyOf,
  targetOf,
  traceView,
  type Explanation,
  type Sorted,
  type Stored,
  type TraceView,
} from '@countersign/evidence';
import { listView } from './list-view.js';
import { parseQuery } from './query.js';
import { seesAll, Traces, type TraceStore } from './read-model.js';
import type { RecordRow } from './record.entity.js';

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
      const others = await store.of(begun.slice(0, query.limit).map(({ intent }) => intent!));
      return listView(begun, others, query.limit);
    });
  }

  @Get('traces/:intentId')
  async show(@Caller() { person }: CallerIdentity, @Param('intentId') intentId: string): Promise<TraceView> {
    const trace = await this.traces.as(person, async (store) => {
      const begin = await store.begin(intentId);
      if (!begin) return undefined;
      const trace = await sorted(store, begin, intentId);
      return traceView(begin, trace, await stops(store, trace.records));
    });
    if (!trace) throw new HttpProblem('NOT_FOUND', `there is no trace of ${intentId.slice(0, 100)} that you may see`);
    return trace;
  }

  @Get('actions/:actionId/explanation')
  async explanation(@Caller() { person }: CallerIdentity, @Param('actionId') actionId: string): Promise<Explanation> {
    const explanation = await this.traces.as(person, (store) => explained(store, actionId));
    if (explanation) return explanation;
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
}

async function explained(store: TraceStore, actionId: string): Promise<Explanation | undefined> {
  for (const intentId of await store.intentsOf(actionId)) {
    const begin = await store.begin(intentId);
    const tenant = begin?.tenant ?? (await store.tenantWithoutBegin(intentId));
    if (tenant === undefined) continue;
    const { records } = await sorted(store, begin, intentId, tenant);
    const explanation = explain(actionId, [...records, ...(await controlOf(store, actionId, records))]);
    if (explanation) return explanation;
  }
  return undefined;
}

/** What was said of the switches and stages that bear on the action. */
async function controlOf(store: TraceStore, actionId: string, records: Stored[]): Promise<Stored[]> {
  return eventsOf(await store.control(scopesBearingOn(actionId, records)));
}

function scopesBearingOn(actionId: string, records: Stored[]): string[] {
  const story = storyOf(actionId, records);
  const target = story && targetOf(story);
  return target ? scopesOf(target) : [];
}

/** The records that explain why actions of a trace were stopped. */
async function stops(store: TraceStore, records: Stored[]): Promise<RecordRow[]> {
  const stopped = stoppedActions(records);
  const rows = await store.control([...new Set(stopped.flatMap((actionId) => scopesBearingOn(actionId, records)))]);
  const all = [...records, ...eventsOf(rows)];
  const cited = new Set(stopped.flatMap((actionId) => citedControl(actionId, all)).map(placeOf));
  return rows.filter((row) => cited.has(placeOf(row)));
}

const placeOf = ({ topic, offset }: Pick<RecordRow, 'topic' | 'offset'>) => `${topic} ${offset}`;

async function sorted(
  store: TraceStore,
  begin: RecordRow | null,
  intentId: string,
  tenant = begin!.tenant,
): Promise<Sorted> {
  const rows = await store.trace(intentId);
  return sortOut([...(begin ? await rawElsewhere(store, begin, rows) : []), ...rows], tenant);
}

/** A request that proved to be nobody's is filed under another id: policy's answer names it. */
async function rawElsewhere(store: TraceStore, begin: RecordRow, rows: RecordRow[]): Promise<RecordRow[]> {
  if (rows.some(({ topic }) => topic === 'intents')) return [];
  const { source, requestId } = (decoded(begin)?.event.data ?? {}) as { source?: string; requestId?: string };
  return source && requestId ? store.raw(source, requestId) : [];
}
