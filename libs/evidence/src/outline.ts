import type { EventType } from '@countersign/contracts';
import type { z } from 'zod';
import type { eventDetail, outlined, traceOutline } from './answers.js';
import type { StoredRecord } from './stored-record.js';
import { recordView, type Sorted } from './trace.js';
import { lineOf } from './views.js';

export type TraceOutline = z.infer<typeof traceOutline>;
export type Outlined = z.infer<typeof outlined>;
export type EventDetail = z.infer<typeof eventDetail>;

/** A record of a trace, and how it stands in it. */
export interface Standing {
  row: StoredRecord;
  standing: Outlined['standing'];
  because?: string;
}

/** Where a record is: what it is asked for by. */
export const placeOf = ({ topic, partition, offset }: Pick<StoredRecord, 'topic' | 'partition' | 'offset'>) =>
  `${topic}.${partition}.${offset}`;

/** All that a trace shows, in the order it was appended. */
export function standings(sorted: Sorted, control: StoredRecord[]): Standing[] {
  const as = (standing: Standing['standing']) => (row: StoredRecord) => ({ row, standing });
  return [
    ...sorted.genuine.map(as('genuine')),
    ...sorted.forged.map(({ row, because }) => ({ row, standing: 'forged' as const, because })),
    ...sorted.duplicates.map(as('duplicate')),
    ...control.map(as('control')),
    ...sorted.unreadable.map(as('unreadable')),
  ].sort((a, b) => a.row.appendedAt.getTime() - b.row.appendedAt.getTime());
}

/** A trace without what its events hold: that is looked up one by one. */
export function outlineOf(begin: StoredRecord, sorted: Sorted, control: StoredRecord[]): TraceOutline {
  return {
    ...lineOf(begin, sorted.genuine),
    traceId: begin.traceId,
    events: standings(sorted, control).map((each) => eventOutlined(each, sorted)),
  };
}

function eventOutlined({ row, standing, because }: Standing, sorted: Sorted): Outlined {
  const { at, topic, id, type, source, actor, causationId, actionId, signature, says, data } = recordView(
    row,
    sorted.read.get(row),
  );
  const given = (data ?? {}) as Record<string, unknown>;
  const [turn, revision] = [whole(given['turn']), whole(given['revision'])];
  const grant = given['grant'];
  return {
    ...{ place: placeOf(row), at, topic, id, type, source, actor, causationId, actionId, signature, standing },
    ...{ tool: row.tool, code: row.code, outcome: row.outcome },
    ...(says === undefined ? {} : { says }),
    ...(because === undefined ? {} : { because }),
    ...(turn === undefined ? {} : { turn }),
    ...(revision === undefined ? {} : { revision }),
    ...(typeof grant === 'string' ? { grant } : {}),
    ...(saysThatItFailed(type, given) ? { failed: true as const } : {}),
  };
}

const whole = (value: unknown) => (Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined);

/** A call of the model that came to nothing. */
const saysThatItFailed = (type: string | null, data: Record<string, unknown>) =>
  type === ('countersign.model.called.v1' satisfies EventType) && data['error'] !== undefined;

/** One event whole: what it holds, and the headers it came with. */
export function detailOf({ row, standing, because }: Standing): EventDetail {
  return {
    ...recordView(row),
    place: placeOf(row),
    standing,
    headers: JSON.parse(row.headers) as Record<string, string>,
    flaw: because ?? row.flaw ?? row.poisonDetail ?? row.poisonReason,
  };
}

/** Whether a text stands anywhere in a record as it was stored. */
export function holds({ key, id, type, source, value, headers }: StoredRecord, text: string): boolean {
  const sought = text.toLowerCase();
  return [key, id, type, source, value, headers].some((part) => part?.toLowerCase().includes(sought) ?? false);
}
