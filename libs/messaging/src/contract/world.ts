import type { OutRecord } from '@countersign/contracts';
import type { Broker, Store } from '../ports.js';

/** A record as a stranger writes it. */
export interface Written {
  key: string;
  headers: Record<string, string>;
  value: Buffer;
}

/** What the engines hold, whoever wrote it. */
export interface Seen {
  /** State bodies by key; placeholders left out. */
  states: Record<string, unknown>;
  work: { id: string; status: string; fence: number; attempts: number; ended: boolean }[];
  late: { workId: string; fence: number; status: string }[];
  parked: { id: string; reason: string; redriven: boolean }[];
  outbox: number;
}

/** An engine pair that outlives the processes of a test. One implementation in memory, one on Kafka and PostgreSQL. */
export interface World {
  readonly prefix: string;
  /** Connections of a process of this name. */
  connect(instance: string): { broker: Broker; store: Store };
  /** Ends a process's connections as a crash would: the group learns of it, nothing else is tidied. */
  sever(broker: Broker, store: Store): Promise<void>;
  produce(records: Written[]): Promise<void>;
  /** The events on `proposals`: id headers in no particular order, repeats included. */
  published(): Promise<string[]>;
  look(): Promise<Seen>;
  /** All stored positions back to the beginning. */
  rewind(): Promise<void>;
  /** Removes every record of `intents` from the log. */
  truncate(): Promise<void>;
  /** Sets the stored positions beyond the end of the log, as a topic made anew does. */
  overshoot(): Promise<void>;
  /** Outbox rows and leases look a minute older. */
  age(): Promise<void>;
  /** Takes this process's partitions away without telling it; resolves when they may be given to another. */
  evict(broker: Broker): Promise<void>;
  close(): Promise<void>;
}

/** Encodes what a test emits. */
export const encodePlain =
  (source: string) =>
  (draft: { id: string; session: string; traceparent?: string }): OutRecord => ({
    topic: 'proposals',
    key: draft.session,
    value: JSON.stringify({ id: draft.id }),
    headers: { ce_id: draft.id, ce_source: source, ...(draft.traceparent && { traceparent: draft.traceparent }) },
  });
