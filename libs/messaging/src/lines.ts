import type { Topic } from '@countersign/contracts';
import type { OffsetKey, Place, Store } from './ports.js';

/** Where this process believes a partition to stand. */
export interface Line {
  key: OffsetKey;
  next: bigint;
  /** The record above `next` that was met and asked for again. */
  gapSeen: bigint | undefined;
  /** Caught up once `next` is there: the end of the log when the partition was taken over. */
  stood: bigint;
}

/** A partition as it was taken over. */
export interface Position extends Place {
  next: bigint;
  /** The end of its log. */
  stood: bigint;
}

type Seek = (place: Place, next: bigint) => void;

/** The positions of all partitions this process was given, by subscription. */
export class Lines {
  private readonly lines = new Map<string, Line>();
  /** By subscription, how to have a partition of it fetched from elsewhere. */
  private readonly taken = new Map<string, Seek>();
  private readonly caughtUp = new Set<string>();

  constructor(private readonly store: Store) {}

  of(consumer: string, place: Place): Line | undefined {
    return this.lines.get(name(consumer, place));
  }

  /** What was taken away is no longer ours to handle. */
  drop(subscription: string): void {
    this.taken.delete(subscription);
    for (const key of this.lines.keys()) if (key.startsWith(`${subscription}\n`)) this.lines.delete(key);
  }

  /** The positions of all partitions a subscription was given. */
  take(subscription: string, consumer: string, positions: Position[], seek: Seek): void {
    for (const { topic, partition, next, stood } of positions) {
      const line = { key: { consumer, topic, partition }, next, gapSeen: undefined, stood };
      this.lines.set(name(subscription, { topic, partition }), line);
    }
    this.taken.set(subscription, seek);
  }

  /** Below `end` all was handled, or takes an offset and is never delivered. */
  passed(subscription: string, place: Place, end: bigint): void {
    const line = this.of(subscription, place);
    if (line && end >= line.stood && line.next < line.stood) line.stood = line.next;
  }

  /** Whether all that stood on its partitions when it was given them has been handled: once, and for good. */
  hasCaughtUp(subscription: string): boolean {
    if (this.caughtUp.has(subscription)) return true;
    if (!this.taken.has(subscription)) return false;
    for (const [key, { next, stood }] of this.lines)
      if (key.startsWith(`${subscription}\n`) && next < stood) return false;
    this.caughtUp.add(subscription);
    return true;
  }

  /**
   * What the database lost of our own commits (guarantee 10 of processor.ts) is read again, also where nothing comes that would tell.
   * A position that moved while this one was asked for says nothing.
   */
  async putBack(): Promise<number> {
    let count = 0;
    for (const [subscription, seek] of this.taken) {
      const known = [...this.lines].filter(([key]) => key.startsWith(`${subscription}\n`)).map(([, line]) => line);
      const before = new Map(known.map((line) => [line, line.next]));
      const places = known.map(({ key: { topic, partition }, next }) => ({ topic, partition, start: next }));
      const stored = known.length ? await this.store.positions(known[0]!.key.consumer, places) : [];
      for (const { next, ...place } of stored) {
        const line = this.of(subscription, place);
        if (!line || line.next !== before.get(line) || next >= line.next) continue;
        line.next = next;
        line.gapSeen = undefined;
        seek(place, next);
        count++;
      }
    }
    return count;
  }

  /** Takes over the stored position. */
  async reload(line: Line): Promise<void> {
    const { consumer, topic, partition } = line.key;
    const [stored] = await this.store.positions(consumer, [{ topic, partition, start: line.next }]);
    if (stored) line.next = stored.next;
    line.gapSeen = undefined;
  }

  clear(): void {
    this.lines.clear();
    this.taken.clear();
  }
}

const name = (subscription: string, { topic, partition }: { topic: Topic; partition: number }) =>
  `${subscription}\n${topic}\n${partition}`;
