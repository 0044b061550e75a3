import type { Topic } from '@countersign/contracts';
import type { OffsetKey, Place, Store } from './ports.js';

/** Where this process believes a partition to stand. */
export interface Line {
  key: OffsetKey;
  next: bigint;
  /** The record above `next` that was met and asked for again. */
  gapSeen: bigint | undefined;
}

/** The positions of all partitions this process was given, by subscription. */
export class Lines {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly store: Store) {}

  of(consumer: string, place: Place): Line | undefined {
    return this.lines.get(name(consumer, place));
  }

  /** Replaces the positions of a subscription: what was taken away is no longer ours to handle. */
  replace(subscription: string, consumer: string, places: (Place & { next: bigint })[]): void {
    for (const key of this.lines.keys()) if (key.startsWith(`${subscription}\n`)) this.lines.delete(key);
    for (const { topic, partition, next } of places) {
      this.lines.set(name(subscription, { topic, partition }), {
        key: { consumer, topic, partition },
        next,
        gapSeen: undefined,
      });
    }
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
  }
}

const name = (subscription: string, { topic, partition }: { topic: Topic; partition: number }) =>
  `${subscription}\n${topic}\n${partition}`;
