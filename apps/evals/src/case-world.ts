import type { JsonObject, OutRecord, Person } from '@countersign/contracts';
import type { OpenItem } from './open-items.js';

/** Whoever watches what is appended of a tenant. */
export type Sink = (record: OutRecord) => void;
export type TokenOf = (person: Person) => Promise<string>;
export type Answered = { ok: true } | { ok: false; code: string; detail: string };
export interface Said {
  decision: 'approve' | 'reject' | 'edit';
  reason: string;
  arguments?: JsonObject;
}

/** Where cases run: the services of the run's own process (world.ts), or a whole system (real-world.ts). */
export interface CaseWorld {
  /** What no case may bring about, and did. */
  readonly flaws: readonly string[];
  /** Tenants come to be; all that is appended of them is seen until `leave`. */
  enter(tenants: readonly string[], sink: Sink): void;
  leave(tenants: readonly string[]): void;
  /** As a product publishes it. */
  publish(record: OutRecord): Promise<void>;
  /** Resolves once all that was begun for these tenants has ended or waits for a person; rejects with what it waits for otherwise. */
  settled(tenants: readonly string[]): Promise<void>;
  /** A record on the control topic, of somebody who may. Resolves once it is in force. */
  control(scope: string, value: JsonObject): Promise<void>;
  release(workflow: string): Promise<void>;
  /** Takes the release back. */
  withdraw(workflow: string): Promise<void>;
  /** A person's word on an item, by way of approval. */
  answer(person: Person, item: OpenItem, said: Said): Promise<Answered>;
}
