import { controlShown, scopesOf } from './explain/control.js';
import { explain, type Explanation } from './explain/explain.js';
import { decisionsOn, targetOf, type Stored } from './explain/story.js';
import { outlineOf, standings, type Standing, type TraceOutline } from './outline.js';
import type { StoredRecord } from './stored-record.js';
import { decoded, eventsOf, sortOut, type Sorted } from './trace.js';
import { traceView, type TraceView } from './views.js';

/** Where stored records are looked up: the trace store in somebody's name, or an archive's files. */
export interface RecordSource {
  /** The record that began an intent's trace. */
  begin(intentId: string): Promise<StoredRecord | null>;
  /** Whose an intent is when that record is gone. */
  tenantWithoutBegin(intentId: string): Promise<string | undefined>;
  /** Every record that names an intent, in the order appended. */
  trace(intentId: string): Promise<StoredRecord[]>;
  /** What was said of these switches and stages, and what was signed of it, in the order appended. */
  control(scopes: string[]): Promise<StoredRecord[]>;
  /** Raw requests as a source published them. */
  raw(source: string, id: string): Promise<StoredRecord[]>;
  /** The intents that records speak of an action under; forged ones may name another. */
  intentsOf(actionId: string): Promise<string[]>;
}

/** One trace whole; undefined if the source knows of none. */
export async function traceOf(source: RecordSource, intentId: string): Promise<TraceView | undefined> {
  const whole = await wholeOf(source, intentId);
  return whole && traceView(whole.begin, whole.trace, whole.control);
}

/** One trace without what its events hold. */
export async function traceOutlineOf(source: RecordSource, intentId: string): Promise<TraceOutline | undefined> {
  const whole = await wholeOf(source, intentId);
  return whole && outlineOf(whole.begin, whole.trace, whole.control);
}

/** The events of a trace and how each stands in it: those that the trace shows, no other. */
export async function eventsOfTrace(source: RecordSource, intentId: string): Promise<Standing[] | undefined> {
  const whole = await wholeOf(source, intentId);
  return whole && standings(whole.trace, whole.control);
}

async function wholeOf(source: RecordSource, intentId: string) {
  const begin = await source.begin(intentId);
  if (!begin) return undefined;
  const trace = await sorted(source, begin, intentId, begin.tenant);
  return { begin, trace, control: await controlOf(source, trace.records) };
}

/** What an action did, read, and why; undefined if the source knows of no event of it. */
export async function explanationOf(source: RecordSource, actionId: string): Promise<Explanation | undefined> {
  for (const intentId of await source.intentsOf(actionId)) {
    const begin = await source.begin(intentId);
    const tenant = begin?.tenant ?? (await source.tenantWithoutBegin(intentId));
    if (tenant === undefined) continue;
    const { records } = await sorted(source, begin, intentId, tenant);
    const control = eventsOf(await source.control(scopesBearingOn(actionId, records)));
    const explanation = explain(actionId, [...records, ...control]);
    if (explanation) return explanation;
  }
  return undefined;
}

/** The switches and stages that bear on the action. */
function scopesBearingOn(actionId: string, records: Stored[]): string[] {
  const target = targetOf({ decisions: decisionsOn(actionId, records) });
  return target ? scopesOf(target) : [];
}

/** The records that say what stopped actions of a trace, and what was in force when they were decided on. */
async function controlOf(source: RecordSource, records: Stored[]): Promise<StoredRecord[]> {
  const actions = Map.groupBy(records, ({ event: { data } }) => ('actionId' in data ? data.actionId : undefined));
  actions.delete(undefined);
  // Of each action its own events tell: to go through all of a long trace for each of its actions takes too long.
  const decided = [...actions] as [actionId: string, own: Stored[]][];
  const scopes = new Set(decided.flatMap(([actionId, own]) => scopesBearingOn(actionId, own)));
  const rows = await source.control([...scopes]);
  if (rows.length === 0) return [];
  const control = eventsOf(rows);
  const shown = new Set(
    decided.flatMap(([actionId, own]) => controlShown(actionId, [...own, ...control])).map(placeOf),
  );
  return rows.filter((row) => shown.has(placeOf(row)));
}

const placeOf = ({ topic, offset }: Pick<StoredRecord, 'topic' | 'offset'>) => `${topic} ${offset}`;

async function sorted(
  source: RecordSource,
  begin: StoredRecord | null,
  intentId: string,
  tenant: string,
): Promise<Sorted> {
  const rows = await source.trace(intentId);
  return sortOut([...(begin ? await rawElsewhere(source, begin, rows) : []), ...rows], tenant);
}

/** A request that proved to be nobody's is filed under another id: policy's answer names it. */
async function rawElsewhere(source: RecordSource, begin: StoredRecord, rows: StoredRecord[]): Promise<StoredRecord[]> {
  if (rows.some(({ topic }) => topic === 'intents')) return [];
  const { source: from, requestId } = (decoded(begin)?.data ?? {}) as { source?: string; requestId?: string };
  return from && requestId ? source.raw(from, requestId) : [];
}
