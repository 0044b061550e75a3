import type {
  CloudEvent,
  EventDraft,
  EventTypeOn,
  Incoming,
  Json,
  Poison,
  RawRecord,
  Topic,
} from '@countersign/contracts';
import type { SpanAttributes, SpanSpec } from './tracing.js';

/** State rows a `decide` may read: those its event touches, with what earlier events of the same batch put. */
export interface States {
  get<S>(key: string): S | undefined;
}

/** Slow outside work, written down in the transaction that decided it. `id` is unique for ever: the second is dropped. */
export interface WorkDraft {
  id: string;
  kind: string;
  /** What it talks to; concurrency is bounded per target. */
  target: string;
  tenant: string;
  body: Json;
  /** Not claimed before this instant. */
  notBefore?: Date;
  /** The trace it belongs to; the cause's unless given. */
  traceparent?: string;
}

/** What a pure `decide` answers. */
export type Effect =
  | { do: 'put'; key: string; state: object }
  | { do: 'emit'; event: EventDraft }
  | { do: 'work'; work: WorkDraft }
  | { do: 'cancel'; workId: string }
  | { do: 'ignore'; because: string };

export const put = (key: string, state: object): Effect => ({ do: 'put', key, state });
export const emit = (event: EventDraft): Effect => ({ do: 'emit', event });
export const work = (draft: WorkDraft): Effect => ({ do: 'work', work: draft });
export const ignore = (because: string): Effect => ({ do: 'ignore', because });

/** How one event type is handled. Everything here is pure; what has to be awaited is prepared as facts. */
export interface Handler<E extends CloudEvent, F> {
  /** Keys of the state rows it reads or writes, from the event and the facts `prepare` gave (a verified tenant). */
  touches(incoming: Incoming & { event: E }, facts: F): string[];
  /** Further rows, known only once the first ones are read. */
  touchesAlso?(incoming: Incoming & { event: E }, states: States, facts: F): string[];
  decide(incoming: Incoming & { event: E }, states: States, facts: F, now: Date): Effect[];
}

/** Every event type of a topic has a handler or is named as ignored: a new type cannot be forgotten. */
export type Routes<T extends Topic, F> = { [K in EventTypeOn<T>]: Handler<CloudEvent<K>, F> | 'ignore' };

/** A transaction as read models see it. Statements are prepared by `name`. */
export interface SqlTx {
  query<R extends object = Record<string, unknown>>(name: string, text: string, values: unknown[]): Promise<R[]>;
}

/** What one transaction did, for read models. */
export interface Applied {
  puts: Map<string, object>;
  emitted: EventDraft[];
  incoming: Incoming[];
}

/** A service's subscription: the events it decides on. */
export interface Consumer<F = unknown> {
  /** The consumer's name: group id on the broker and key of its offsets. */
  name: string;
  topics: { [T in Topic]?: Routes<T, F> };
  /** Runs before the transaction, for what must be awaited (a token's verification). Never throws on content. */
  prepare?(events: Incoming[]): Promise<F>;
  /** Read models, written in the same transaction. Real stores only. */
  project?(tx: SqlTx, applied: Applied): Promise<void>;
  /**
   * Every instance reads these topics by a group of its own: from the log's beginning (control), or from the last record that
   * stands there when it joins, where only the last counts (a heartbeat).
   */
  everyInstance?: boolean | 'last';
  /** How long records may wait at the broker for more, while they come, so that one transaction takes them all. For what nobody waits for; 0 by default. */
  lingerMs?: number;
}

/** A record with what became of reading it. */
export interface Read {
  record: RawRecord;
  incoming: Incoming | undefined;
  poison: Poison | undefined;
}

/** A subscription that takes every record whole, readable or not: audit. What cannot be read is listed among the parked as well. */
export interface Ingester {
  name: string;
  topics: readonly Topic[];
  /** How long records may wait at the broker for more, while they come; 250 by default. */
  lingerMs?: number;
  /** What it answers is called once that is committed: for what is counted. */
  ingest(tx: SqlTx, records: Read[]): Promise<(() => void) | void>;
}

/** A claimed piece of work. `fence` grows with each claim: a late finisher's no longer matches. */
export interface WorkRow extends WorkDraft {
  fence: number;
  attempts: number;
  status: 'QUEUED' | 'SENT';
  createdAt: Date;
  /** When it was marked SENT for the first time, by the store's clock. */
  sentAt?: Date;
}

/** What came of a piece of work. `retry` puts it back for so many milliseconds, by the database's clock; `done` ends it with a terminal status. */
export type WorkOutcome<O> =
  | { tag: 'done'; status: string; outcome: O }
  | { tag: 'retry'; status: 'QUEUED' | 'SENT'; inMs: number; because: string };

export interface Round {
  /** Write-ahead: commits fence + 1 and SENT for these rows and answers those still ours. Nothing may be sent before. */
  markSent(rows: WorkRow[]): Promise<WorkRow[]>;
  /** Hands in one outcome; those of many rows are stored in one transaction. Resolves once it is stored. */
  finish<O>(row: WorkRow, outcome: WorkOutcome<O>): Promise<void>;
  signal: AbortSignal;
}

/** How work of some kinds is done: rounds of at most `roundSize` rows of one target, `rounds` of them at once. */
export interface Worker<O = unknown> {
  kinds: readonly string[];
  roundSize: number;
  rounds: number;
  leaseMs: number;
  /** While it says no, nothing of these kinds is claimed, taken at once or begun. */
  mayBegin?(): boolean;
  /** The same for single targets; `one`: one row at a time, to see whether more may be begun. */
  limits?(): ReadonlyMap<string, 'none' | 'one'>;
  /** Does the slow part. A row it neither finishes nor retries goes back when its lease ends. */
  perform(rows: WorkRow[], round: Round): Promise<void>;
  /** The pure part: what a finished row puts and emits, in the transaction that ends it. */
  touches(row: WorkRow, outcome: O): string[];
  decide(row: WorkRow, outcome: O, states: States, now: Date): Effect[];
  /**
   * How a row ends whose `decide` keeps failing: with as little as can be said of it, in an `outcome` of the same type O.
   * Undefined, or absent: it is performed again for ever, ever later.
   */
  undecidable?(row: WorkRow): { status: string; outcome: unknown } | undefined;
  /** What its work is in a trace; absent: none of its rows has a span. Asked only while there is somebody to tell. */
  span?: {
    begin(row: WorkRow): SpanSpec | undefined;
    /** With `error.type` where it went wrong. */
    end(outcome: O): SpanAttributes;
  };
}

/** A change that comes from outside Kafka (an HTTP request): the same pure step in a transaction of its own. */
export interface Command<R> {
  touches: string[];
  decide(states: States, now: Date): { effects: Effect[]; result: R };
}
