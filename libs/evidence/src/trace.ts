import { decodeRecord, type HeaderValue, type Incoming, type Json } from '@countersign/contracts';
import type { Stored } from './explain/story.js';
import { says } from './explain/says.js';
import type { StoredRecord } from './stored-record.js';

/** One record as a trace shows it. */
export interface RecordView {
  at: string;
  topic: string;
  partition: number;
  offset: string;
  key: string;
  id: string | null;
  type: string | null;
  source: string | null;
  subject: string | null;
  actor: string | null;
  session: string | null;
  causationId: string | null;
  traceId: string | null;
  actionId: string | null;
  signature: string;
  says?: string;
  data: Json;
}

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

const NO_BYTES = Buffer.alloc(0);

/** The event of a row, read as it was when it came; undefined if this version can no longer read it. */
export function decoded(row: StoredRecord): Incoming | undefined {
  const { topic, partition, offset, appendedAt, key, value, headers } = row;
  // Its bytes were looked at strictly when it came: what is stored is their text.
  const parse = () => ({ text: value!, value: JSON.parse(value!) as unknown });
  try {
    const place = { topic, partition, offset: BigInt(offset), timestamp: appendedAt.getTime(), key: Buffer.from(key) };
    const said = {
      value: value === null ? null : NO_BYTES,
      headers: JSON.parse(headers) as Record<string, HeaderValue>,
    };
    return decodeRecord({ ...place, ...said }, parse);
  } catch {
    return undefined;
  }
}

/** Sorts the records that name one intent. `tenant` is what policy verified, of the record that began the trace. */
export function sortOut(rows: StoredRecord[], tenant: string): Sorted {
  const sorted: Sorted = { records: [], genuine: [], forged: [], duplicates: [], unreadable: [], read: new Map() };
  const seen = new Set<string>();
  for (const row of rows) {
    const because = forgedBecause(row, tenant);
    if (row.poisonReason !== null) sorted.unreadable.push(row);
    else if (because !== undefined) sorted.forged.push({ row, because });
    else if (seen.has(`${row.source}\n${row.id}`)) sorted.duplicates.push(row);
    else {
      seen.add(`${row.source}\n${row.id}`);
      sorted.genuine.push(row);
      const stored = storedIn(row);
      if (!stored) continue;
      sorted.records.push(stored);
      sorted.read.set(row, stored);
    }
  }
  return sorted;
}

/** The events of records that concern no one intent. */
export const eventsOf = (rows: StoredRecord[]): Stored[] => rows.flatMap((row) => storedIn(row) ?? []);

function storedIn(row: StoredRecord): Stored | undefined {
  const incoming = decoded(row);
  return incoming && storedOf(row, incoming);
}

function forgedBecause(row: StoredRecord, tenant: string): string | undefined {
  if (row.signature === 'invalid' || row.signature === 'absent') return row.flaw ?? 'its signature does not prove it';
  if (row.topic === 'intents' || row.tenant === tenant) return undefined;
  return `it files itself under ${row.tenant}, and the intent is not theirs`;
}

const storedOf = (row: StoredRecord, { event }: Incoming): Stored =>
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
