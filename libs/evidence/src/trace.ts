import { decodeKept, type AnyEvent, type Json } from '@countersign/contracts';
import type { z } from 'zod';
import type { recordView as shape } from './answers.js';
import type { Stored } from './explain/story.js';
import { says } from './explain/says.js';
import type { StoredRecord } from './stored-record.js';

export type RecordView = z.infer<typeof shape>;

/** A trace sorted out: what proves to be what it says, and apart from it what does not. */
export interface Sorted {
  records: Stored[];
  genuine: StoredRecord[];
  forged: { row: StoredRecord; because: string }[];
  duplicates: StoredRecord[];
  unreadable: StoredRecord[];
  /** Of each genuine row that this version can read, its event among `records`. */
  read: Map<StoredRecord, Stored>;
}

/** The event of a row, read as it was when it came; undefined if this version can no longer read it. */
export function decoded({ topic, partition, offset, key, value, headers }: StoredRecord): AnyEvent | undefined {
  try {
    const given = JSON.parse(headers) as Record<string, string>;
    return decodeKept({ topic, partition, offset, key, value, headers: given });
  } catch {
    return undefined;
  }
}

/** Sorts the records that name one intent. `tenant` is what policy verified, of the record that began the trace. */
export function sortOut(rows: StoredRecord[], tenant: string): Sorted {
  const sorted: Sorted = { records: [], genuine: [], forged: [], duplicates: [], unreadable: [], read: new Map() };
  const seen = new Map<string | null, Set<string | null>>();
  for (const row of rows) {
    const because = forgedBecause(row, tenant);
    if (row.poisonReason !== null) sorted.unreadable.push(row);
    else if (because !== undefined) sorted.forged.push({ row, because });
    else if (isRepeated(row, seen)) sorted.duplicates.push(row);
    else {
      sorted.genuine.push(row);
      const stored = storedIn(row);
      if (!stored) continue;
      sorted.records.push(stored);
      sorted.read.set(row, stored);
    }
  }
  return sorted;
}

/** Whether its event is among those seen, by source and id; now it is. */
function isRepeated({ source, id }: StoredRecord, seen: Map<string | null, Set<string | null>>): boolean {
  let ids = seen.get(source);
  if (!ids) seen.set(source, (ids = new Set()));
  return ids.size === ids.add(id).size;
}

/** The events of records that concern no one intent. */
export const eventsOf = (rows: StoredRecord[]): Stored[] => rows.flatMap((row) => storedIn(row) ?? []);

function storedIn(row: StoredRecord): Stored | undefined {
  const event = decoded(row);
  return event && storedOf(row, event);
}

function forgedBecause(row: StoredRecord, tenant: string): string | undefined {
  if (row.signature === 'invalid' || row.signature === 'absent') return row.flaw ?? 'its signature does not prove it';
  if (row.topic === 'intents' || row.tenant === tenant) return undefined;
  return `it files itself under ${row.tenant}, and the intent is not theirs`;
}

const storedOf = (row: StoredRecord, event: AnyEvent): Stored =>
  ({
    event,
    topic: row.topic,
    partition: row.partition,
    offset: row.offset,
    at: row.appendedAt.toISOString(),
  }) as Stored;

/** `stored` is its event, where the row was read before. */
export function recordView(
  row: StoredRecord,
  stored = row.poisonReason === null ? storedIn(row) : undefined,
): RecordView {
  return {
    at: stored?.at ?? row.appendedAt.toISOString(),
    topic: row.topic,
    partition: row.partition,
    offset: row.offset,
    key: row.key,
    id: row.id,
    type: row.type,
    source: row.source,
    subject: row.subject,
    actor: row.actor,
    session: row.session,
    causationId: row.causation,
    traceId: row.traceId,
    actionId: row.action,
    signature: row.signature,
    ...(stored ? { says: says(stored) } : {}),
    data: stored ? (stored.event.data as Json) : row.value,
  };
}
