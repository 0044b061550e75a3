import type { OutRecord, RawRecord, Topic } from '@countersign/contracts';
import type { SqlTx, WorkDraft, WorkRow } from './stream.js';

/** The two engines as the core sees them. Each has a real implementation and an in-memory one; one contract suite runs on both. */

export interface Place {
  topic: Topic;
  partition: number;
}

/** Records of one partition in offset order, as one fetch brought them. */
export interface Batch extends Place {
  /** Name of the subscription it belongs to. */
  subscription: string;
  records: RawRecord[];
  /** All below it is in `records`, or takes an offset and is never delivered (the marker of a producer's transaction). */
  end: bigint;
  /** The offset the next record of this partition will get. */
  highWatermark: bigint;
  /** Whether the partition was taken away or sought elsewhere since the fetch. */
  isStale(): boolean;
  /** Throws when the member has to rejoin. */
  heartbeat(): Promise<void>;
  /** All below `next` is done: fetch on from there, and tell the broker for its tools to see (best effort). */
  resolve(next: bigint): void;
  /** Fetch on from `next`, whatever was fetched before. */
  seek(next: bigint): void;
}

/** What a member was given when it joined its group. */
export interface Assignment {
  places: Place[];
  /** Must be called before the join's listener returns: nothing is fetched from then on. */
  pause(): void;
  seek(place: Place, next: bigint): void;
  resume(): void;
  /** False once a newer join came. */
  isCurrent(): boolean;
}

export interface Listener {
  joined(assignment: Assignment): void;
  batch(batch: Batch): Promise<void>;
  /** A fetch brought only what is never delivered, up to `end`. */
  passed(place: Place, end: bigint): void;
  fetched(): void;
  /** The consumer stopped and will not start again by itself. */
  crashed(error: unknown): void;
}

export interface SubscriptionSpec {
  name: string;
  group: string;
  topics: Topic[];
  /** How long records may wait at the broker for more, while they come. */
  lingerMs: number;
}

export interface Bounds {
  low: bigint;
  high: bigint;
}

export interface Broker {
  /** Refuses a topic that is missing, has no LogAppendTime, or keeps records longer than `maxRetentionMs`. */
  checkTopics(topics: Topic[], maxRetentionMs: number): Promise<void>;
  subscribe(spec: SubscriptionSpec, listener: Listener): Promise<void>;
  bounds(topic: Topic): Promise<Map<number, Bounds>>;
  /** Once, acknowledged by all in-sync replicas. Throws if unsure. */
  publish(records: OutRecord[]): Promise<void>;
  /** Leaves the groups: nothing is delivered any more. Publishing still works. */
  unsubscribe(): Promise<void>;
  stop(): Promise<void>;
}

export interface OffsetKey extends Place {
  consumer: string;
}

/** A state row as loaded: `rev` 0 is a row that is not there yet. */
export interface StateRow {
  key: string;
  body: object | undefined;
  rev: number;
}

export interface NewWork {
  draft: WorkDraft;
  /** Handed to this process's pool after the commit, for so long. Undefined: anyone may claim it. */
  leaseMs: number | undefined;
}

export interface WorkRef {
  id: string;
  fence: number;
}

/** What a row has once it is marked: a new fence, and when it was first marked, by the store's clock. */
export interface Marked {
  fence: number;
  sentAt: Date;
}

export interface GivenBack extends WorkRef {
  delayMs: number;
  /** Nobody began with it: it does not count as an attempt. */
  unbegun?: boolean;
}

export interface EndedWork extends WorkRef {
  status: string;
  outcome: unknown;
}

export interface DeferredWork extends WorkRef {
  status: 'QUEUED' | 'SENT';
  inMs: number;
  because: string;
}

export interface ParkedRow {
  id: string;
  consumer: string;
  topic: Topic;
  partition: number;
  offset: bigint;
  appendedAt: Date;
  reason: string;
  detail: string;
  /** Encrypted: key, value and headers. */
  bytes: Buffer;
}

export interface ParkedEntry extends Omit<ParkedRow, 'bytes' | 'offset'> {
  offset: string;
  parkedAt: Date;
  redrivenAt: Date | null;
  lastError: string | null;
}

export interface OutboxRow {
  id: string;
  records: OutRecord[];
}

/** An offset's way in one transaction. */
export interface Move {
  key: OffsetKey;
  from: bigint;
  to: bigint;
}

/**
 * Hands in a transaction's last statements, sent and not waited for: the commit travels with them, and is none if one
 * of them fails. `mayBeLost`: the commit need not wait for the disk, since all of it would be done again.
 */
export type Close = (last: Promise<unknown>, options: { mayBeLost: boolean }) => void;

/** One transaction. What it did is undone if `run` throws. Statements take effect in the order they are called in. */
export interface StoreTx {
  readonly sql: SqlTx;
  /** Moves offsets, each only if it still stands at `from`; false if one does not. */
  advance(moves: Move[]): Promise<boolean>;
  /** Locks and loads, in key order. */
  load(keys: string[]): Promise<StateRow[]>;
  /** Writes rows as loaded (rev + 1; body undefined writes a placeholder). Throws 40001 if another transaction was first. */
  save(rows: StateRow[]): Promise<void>;
  /** Answers the ids that were new. */
  addWork(work: NewWork[]): Promise<Set<string>>;
  cancelWork(ids: string[]): Promise<void>;
  /** Ends rows whose fence still matches and answers their ids. */
  endWork(ended: EndedWork[]): Promise<Set<string>>;
  deferWork(deferred: DeferredWork[]): Promise<Set<string>>;
  /** Of these, the ids this very owner ended with this very fence: its own commit whose answer was lost. */
  endedByUs(refs: WorkRef[]): Promise<Set<string>>;
  lateWork(late: EndedWork[]): Promise<void>;
  addOutbox(row: OutboxRow): Promise<void>;
  park(rows: ParkedRow[]): Promise<void>;
  /** Locks a parked row. */
  lockParked(id: string): Promise<(ParkedRow & { redrivenAt: Date | null }) | undefined>;
  markRedriven(id: string): Promise<void>;
}

export interface ClaimAsk {
  kinds: string[];
  limit: number;
  leaseMs: number;
  /** Targets that have no room now. */
  fullTargets: string[];
  /** Of this target alone. */
  only?: string;
  /** What this process holds already, whatever became of its lease. */
  held: string[];
}

export interface Store {
  readonly sql: SqlTx;
  /** Identifies this process's rows: unique per start. */
  readonly owner: string;
  /** The time by the database's clock, as it was last read: what every instance decides by, however wrong its own clock. */
  now(): Date;
  /** Reads the database's clock. */
  readClock(): Promise<void>;
  transact<T>(run: (tx: StoreTx, close: Close) => Promise<T>): Promise<T>;
  /** The stored positions; a place seen for the first time starts at `start`. */
  positions(consumer: string, places: (Place & { start: bigint })[]): Promise<(Place & { next: bigint })[]>;
  /** Outbox rows of this instance's former lives, and of anyone older than `olderThanMs`. */
  leftovers(olderThanMs: number, limit: number): Promise<OutboxRow[]>;
  /** Deletes published outbox rows. May be lost in a crash: that only publishes again. */
  forget(outboxIds: string[]): Promise<void>;
  claim(ask: ClaimAsk): Promise<WorkRow[]>;
  /** Fence + 1 and SENT, committed; answers those still ours. */
  markSent(refs: WorkRef[], leaseMs: number): Promise<Map<string, Marked>>;
  /** Answers the ids still ours. */
  extend(refs: WorkRef[], leaseMs: number): Promise<Set<string>>;
  /** Gives rows back unended. */
  release(refs: GivenBack[]): Promise<void>;
  /** Frees what this instance's former lives held. */
  adopt(): Promise<void>;
  /** Deletes work that ended longer ago. */
  sweep(retentionMs: number): Promise<void>;
  listParked(limit: number, after: string | undefined): Promise<ParkedEntry[]>;
  getParked(id: string): Promise<ParkedEntry | undefined>;
  noteParked(id: string, error: string): Promise<void>;
  /** How many instances of this service are connected now, this one included. */
  peers(): Promise<number>;
  ping(): Promise<void>;
  stop(): Promise<void>;
}
