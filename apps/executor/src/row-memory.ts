import type { JsonObject, RecordRead } from '@countersign/contracts';
import { union } from './records.js';

interface Kept {
  at: number;
  /** Until when, by the monotonic clock, a send may still act. */
  limit?: number;
  /** Which claim of the row this was. */
  claim?: number;
  reads: RecordRead[];
  /** What its last send rested on. */
  basis?: JsonObject;
  /** When that was, by the database's clock, in ms. */
  sentAt?: number;
}

/** A send: which claim of the row it was of, when, until when it may act, and what it rested on. */
export interface SendNoted {
  claim: number;
  at: number;
  limit: number;
  basis: JsonObject;
}

const MANY = 1_000;
/** A row that another process took over never ends here. In ms. */
const KEPT_MS = 600_000;

/** What this process knows of rows that no table does: lost with it, and never needed for safety. */
export class RowMemory {
  private readonly rows = new Map<string, Kept>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  sent(id: string, { claim, at, limit, basis }: SendNoted): void {
    this.change(id, { claim, limit, basis, sentAt: at });
  }

  /** Was it somebody else's in between, or this process's in a former life, what was sent may still act for as long as given. */
  found(id: string, claim: number, limit: number): void {
    const isOwn = this.rows.get(id)?.claim === claim - 1;
    this.change(id, isOwn ? { claim } : { claim, limit });
  }

  read(id: string, reads: RecordRead[]): void {
    if (reads.length > 0) this.change(id, { reads: union(this.readsOf(id), reads) });
  }

  limitOf(id: string): number | undefined {
    return this.rows.get(id)?.limit;
  }

  readsOf(id: string): RecordRead[] {
    return this.rows.get(id)?.reads ?? [];
  }

  basisOf(id: string): JsonObject | undefined {
    return this.rows.get(id)?.basis;
  }

  lastSentAt(id: string): number | undefined {
    return this.rows.get(id)?.sentAt;
  }

  forget(id: string): void {
    this.rows.delete(id);
  }

  /** Those whose last send can no longer act. */
  forgetOld(): void {
    if (this.rows.size < MANY) return;
    const now = this.now();
    for (const [id, { at, limit = 0 }] of this.rows) if (limit < now && at + KEPT_MS < now) this.rows.delete(id);
  }

  private change(id: string, change: Partial<Kept>): void {
    this.rows.set(id, { reads: [], ...this.rows.get(id), ...change, at: this.now() });
  }
}
